#!/usr/bin/python3
"""A printer's camera as gst-rtsp-server plays it: one H.264 clip, live paced, endlessly, to every client from the start.

Needs python3-gi and gir1.2-gst-rtsp-server-1.0, so it runs under the system's own interpreter.
Standard output carries JSON lines without spaces; `t` is in seconds on one monotonic clock:

    {"t":1.25,"ev":"ready","port":40001}
    {"t":1.31,"ev":"request","client":1,"method":"SETUP","transport":"RTP/AVP;unicast;client_port=5000-5001"}
    {"t":2.40,"ev":"rtcp","client":1,"types":"201,202","lost":0,"jitter":12,"lsr":1,"dlsr":6}
    {"t":8.90,"ev":"dropped","client":1}
    {"t":9.00,"ev":"closed","client":1}

`dropped` comes before `closed` where the camera itself ended the connection (--drop-silent).
`lsr` and `dlsr` are raw values of the first report block (RFC 3550 section 6.4.1); a packet without one has no `lost`.
"""
import argparse
import heapq
import itertools
import json
import signal
import sys
import threading
import time

import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

_log_lock = threading.Lock()


def log(event, **fields):
    line = json.dumps({"t": round(time.monotonic(), 4), "ev": event, **fields}, separators=(",", ":"))
    with _log_lock:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


class Clip:
    """An Annex B file with access unit delimiters, cut into one AVC-formatted buffer per access unit."""

    def __init__(self, path, fps):
        with open(path, "rb") as file:
            stream = file.read()
        self.fps = fps
        self.sps = self.pps = None
        units = []
        for nal in self._nal_units(stream):
            kind = nal[0] & 31
            if kind == 9:
                units.append([])
            elif kind == 7:
                self.sps = self.sps or nal
            elif kind == 8:
                self.pps = self.pps or nal
            elif kind != 6:  # the encoder's banner; cameras send none
                units[-1].append(nal)
        self.frames = []
        for unit in units:
            buffer = Gst.Buffer.new_wrapped(b"".join(len(n).to_bytes(4, "big") + n for n in unit))
            if not any(n[0] & 31 == 5 for n in unit):
                buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
            self.frames.append(buffer)

    @staticmethod
    def _nal_units(stream):
        start = stream.find(b"\0\0\1")
        while start >= 0:
            end = stream.find(b"\0\0\1", start + 3)
            yield stream[start + 3:end if end >= 0 else len(stream)].rstrip(b"\0")
            start = end

    def caps(self):
        sps, pps = self.sps, self.pps
        avcc = (bytes([1, *sps[1:4], 0xFF, 0xE1]) + len(sps).to_bytes(2, "big") + sps
                + b"\x01" + len(pps).to_bytes(2, "big") + pps)
        return Gst.Caps.from_string(
            "video/x-h264,stream-format=avc,alignment=au,framerate=%d/1,codec_data=(buffer)%s" % (self.fps, avcc.hex()))


class Pacer(threading.Thread):
    """One thread that runs everything that is due."""

    def __init__(self):
        super().__init__(daemon=True)
        self.due, self.changed, self.tiebreak = [], threading.Condition(), itertools.count()

    def at(self, when, action):
        with self.changed:
            heapq.heappush(self.due, (when, next(self.tiebreak), action))
            self.changed.notify()

    def run(self):
        while True:
            with self.changed:
                while not self.due or self.due[0][0] > time.monotonic():
                    self.changed.wait(self.due[0][0] - time.monotonic() if self.due else None)
                action = heapq.heappop(self.due)[2]
            action()


class Feeder:
    """Feeds one client's pipeline: one frame so that DESCRIBE can be answered, the others on time from PLAY on."""

    def __init__(self, camera, media, source):
        self.clip, self.pacer, self.source = camera.clip, camera.pacer, source
        self.next_frame, self.alive, self.paced = camera.args.first_frame, True, False
        self.sent = 0
        source.set_property("caps", self.clip.caps())
        media.connect("new-state", self._state_changed)
        media.connect("unprepared", self._stop)
        self.pacer.at(0, self._preroll)

    def _running_time(self):
        # On its way to PLAYING a pipeline gets its clock before its base time; with one but not the other the
        # time would be hours off and the stream would never start.
        clock, base = self.source.get_clock(), self.source.get_base_time()
        return None if clock is None or base == 0 else max(0, clock.get_time() - base)

    def _push(self, pts):
        buffer = self.clip.frames[self.next_frame].copy()
        buffer.pts = buffer.dts = pts
        buffer.duration = Gst.SECOND // self.clip.fps
        self.next_frame = (self.next_frame + 1) % len(self.clip.frames)
        self.sent += 1
        if self.source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
            self.alive = False

    def _preroll(self):
        now = self._running_time()
        if self.alive and now is None:
            self.pacer.at(time.monotonic() + 0.001, self._preroll)
        elif self.alive:
            self._push(now)

    def _state_changed(self, _media, state):
        if Gst.State(state) == Gst.State.PLAYING and self.sent and not self.paced:
            self.paced = True
            self.pacer.at(time.monotonic() + 1 / self.clip.fps, self._start)

    def _start(self):
        now = self._running_time()
        if now is None:
            self.pacer.at(time.monotonic() + 0.001, self._start)
            return
        self.start_pts, self.start, self.tick = now, time.monotonic(), 0
        self._tick()

    def _tick(self):
        if not self.alive:
            return
        missed = int((time.monotonic() - self.start) * self.clip.fps) - self.tick
        if missed > self.clip.fps:
            # The whole camera was frozen. It goes on with the next picture and does not make up for the lost time.
            self.tick += missed
        self._push(self.start_pts + self.tick * Gst.SECOND // self.clip.fps)
        self.tick += 1
        self.pacer.at(self.start + self.tick / self.clip.fps, self._tick)

    def _stop(self, _media):
        self.alive = False


class Factory(GstRtspServer.RTSPMediaFactory):
    def __init__(self, camera):
        super().__init__()
        self.camera = camera
        lower = GstRtsp.RTSPLowerTrans
        # What is not listed here is answered 461.
        self.set_protocols({"tcp": lower.TCP, "udp": lower.UDP, "both": lower.UDP | lower.TCP,
                            "lost": lower.UDP | lower.TCP}[camera.args.transport])
        self.set_latency(0)

    def do_create_element(self, _url):
        if self.camera.args.audio_only:
            return Gst.parse_launch("( audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay0 pt=8 )")
        return Gst.parse_launch(
            "( appsrc name=src is-live=true format=time max-bytes=0 block=false "
            "! rtph264pay name=pay0 pt=96 mtu=1400 config-interval=-1 )")

    def do_configure(self, media):
        GstRtspServer.RTSPMediaFactory.do_configure(self, media)
        source = media.get_element().get_by_name_recurse_up("src")
        if source:
            media._feeder = Feeder(self.camera, media, source)


class Camera:
    def __init__(self, args):
        self.args = args
        self.clip = None if args.audio_only else Clip(args.clip, args.fps)
        self.pacer = Pacer()
        self.pacer.start()
        self.clients = itertools.count(1)
        self.server = server = GstRtspServer.RTSPServer()
        server.set_address("127.0.0.1")
        server.set_service(str(args.port))
        factory = Factory(self)
        auth = GstRtspServer.RTSPAuth()
        if args.certificate:
            auth.set_tls_certificate(Gio.TlsCertificate.new_from_files(args.certificate, args.key))
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(args.user, args.password, token)
        factory.add_role_from_structure(Gst.Structure.from_string(
            "viewer, media.factory.access=(boolean)true, media.factory.construct=(boolean)true")[0])
        server.set_auth(auth)
        server.get_mount_points().add_factory(args.path, factory)
        server.connect("client-connected", self._connected)
        if not server.attach(None):
            sys.exit("gst_camera: cannot listen on port %d" % args.port)
        pool = server.get_session_pool()
        GLib.timeout_add(1000, lambda: (pool.cleanup(), True)[1])
        log("ready", port=server.get_bound_port())

    def _connected(self, _server, client):
        number = next(self.clients)
        log("connected", client=number)
        for method in ("options", "describe", "setup", "play", "pause", "teardown", "get-parameter", "set-parameter"):
            client.connect("pre-%s-request" % method, self._request, number)
        if self.args.transport == "lost":
            client.connect("pre-play-request", self._lose_datagrams)
        client.connect("play-request", self._playing, number)
        client.connect("closed", lambda _client: log("closed", client=number))

    @staticmethod
    def _request(_client, context, number):
        """Runs before the request is judged, so that refused ones are logged too."""
        found, transport = context.request.get_header(GstRtsp.RTSPHeaderField.TRANSPORT, 0)
        fields = {"transport": transport} if found == GstRtsp.RTSPResult.OK else {}
        log("request", client=number, method=GstRtsp.rtsp_method_as_text(context.method), **fields)
        return GstRtsp.RTSPStatusCode.OK

    @staticmethod
    def _lose_datagrams(_client, context):
        """Before PLAY the sinks for UDP are not there yet."""
        kinds = Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST

        def added(_pipeline, _bin, element):
            if element.get_factory().get_name() == "multiudpsink":
                element.get_static_pad("sink").add_probe(kinds, lambda *_: Gst.PadProbeReturn.DROP)

        context.media.get_element().get_parent().connect("deep-element-added", added)
        return GstRtsp.RTSPStatusCode.OK

    def _playing(self, client, context, number):
        heard, gone = time.monotonic(), False

        def hear(_session, buffer):
            nonlocal heard
            heard = time.monotonic()
            log("rtcp", client=number, **describe_rtcp(buffer.extract_dup(0, buffer.get_size())))

        def leave(_client):
            nonlocal gone
            gone = True

        def drop_if_silent():
            if not gone and time.monotonic() - heard > self.args.drop_silent:
                log("dropped", client=number)
                client.close()
            return not gone

        context.media.get_stream(0).get_rtpsession().connect("on-receiving-rtcp", hear)
        if self.args.drop_silent:
            client.connect("closed", leave)
            GLib.timeout_add(100, drop_if_silent)


def describe_rtcp(compound):
    """Packet types in order, and the first report block's fields (RFC 3550 section 6.4.2)."""
    types, block = [], {}
    while len(compound) >= 4:
        kind, size = compound[1], 4 * (int.from_bytes(compound[2:4], "big") + 1)
        types.append(str(kind))
        if kind == 201 and compound[0] & 31 and size >= 32 and not block:
            block = {"fraction": compound[12],
                     "lost": int.from_bytes(compound[13:16], "big", signed=True),
                     "jitter": int.from_bytes(compound[20:24], "big"),
                     "lsr": int.from_bytes(compound[24:28], "big"),
                     "dlsr": int.from_bytes(compound[28:32], "big")}
        compound = compound[size:]
    return {"types": ",".join(types), **block}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clip", help="Annex B file with access unit delimiters, beginning with a key frame")
    parser.add_argument("--audio-only", action="store_true", help="serve a sound track and no video")
    parser.add_argument("--fps", type=int, default=30)
    parser.add_argument("--first-frame", type=int, default=0, help="index of the first frame each client gets")
    parser.add_argument("--certificate", help="PEM file; without it the camera speaks plain rtsp")
    parser.add_argument("--key", help="PEM file")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--path", default="/streaming/live/1")
    parser.add_argument("--user", default="bblp")
    parser.add_argument("--password", required=True)
    parser.add_argument("--transport", choices=["both", "tcp", "udp", "lost"], default="both",
                        help="tcp: a SETUP for UDP is answered 461; lost: it is accepted, and every datagram gets lost")
    parser.add_argument("--drop-silent", type=float, metavar="SECONDS",
                        help="end the connection of a client that has sent no RTCP for so long")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when the program that started it ends")
    args = parser.parse_args()
    if bool(args.clip) == args.audio_only:
        parser.error("one of --clip and --audio-only")
    Gst.init(None)
    camera = Camera(args)
    loop = GLib.MainLoop()
    for number in (signal.SIGINT, signal.SIGTERM):
        GLib.unix_signal_add(GLib.PRIORITY_HIGH, number, loop.quit)
    if args.until_stdin_closes:
        GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IO_HUP, lambda *_: loop.quit())
    loop.run()
    del camera


if __name__ == "__main__":
    main()
