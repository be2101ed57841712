//! The session description, as traced.

use crate::calendar::ctime;
use crate::personality::Media;

/// What changes from one description to the next.
#[derive(Debug)]
pub(crate) struct Description<'a> {
    pub(crate) media: &'a Media,
    /// The camera's address without port.
    pub(crate) address: String,
    /// Microseconds since 1970 when the camera started.
    pub(crate) started: u64,
    pub(crate) video: bool,
    /// Whether it holds the parameter sets.
    pub(crate) sprop: bool,
    /// Bytes that it has at least.
    pub(crate) at_least: usize,
}

impl Description<'_> {
    /// CRLF line ends; the dates bring a newline of their own, which leaves blank lines.
    pub(crate) fn text(&self) -> String {
        let Description { media, address, started, .. } = self;
        let date = ctime(started / 1_000_000);
        let mut text = format!(
            "v=0\r\n\
             o=- {started} 1 IN IP4 {address}\r\n\
             s=rtsp stream server\r\n\
             i={date}\n\r\n\
             t=0 0\r\n\
             a=tool:LIVE555 Streaming Media v2023.03.30\r\n\
             a=type:broadcast\r\n\
             a=control:*\r\n\
             a=range:npt=now-\r\n\
             a=x-qt-text-nam:rtsp stream server\r\n\
             a=x-qt-text-inf:{date}\n\r\n"
        );
        while text.len() < self.at_least {
            text.push_str(&format!("a=x-padding:{:x<1000}\r\n", ""));
        }
        if !self.video {
            return text;
        }
        let sprop = match self.sprop {
            true => format!(";sprop-parameter-sets={}", media.sprop_parameter_sets),
            false => String::new(),
        };
        text.push_str(&format!(
            "m=video 0 RTP/AVP 96\r\n\
             c=IN IP4 0.0.0.0\r\n\
             b=AS:{}\r\n\
             a=rtpmap:96 H264/90000\r\n\
             a=fmtp:96 packetization-mode=1;profile-level-id={}{sprop}\r\n\
             a=control:track1\r\n",
            media.bandwidth, media.profile_level_id
        ));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::personality::Personality;

    /// Real X1C description (KittyCAD/machine-api, 2024), address replaced. That trace shows the
    /// printer's local time, so here the session began an hour later by UTC.
    #[test]
    fn as_traced() {
        let description = Description {
            media: &Personality::X1c.facts().rtsp().expect("RTSP").media,
            address: "192.0.2.96".into(),
            started: 1723115095901673,
            video: true,
            sprop: true,
            at_least: 0,
        };
        let want = "v=0\r\no=- 1723115095901673 1 IN IP4 192.0.2.96\r\ns=rtsp stream server\r\n\
            i=Thu Aug  8 11:04:55 2024\n\r\nt=0 0\r\na=tool:LIVE555 Streaming Media v2023.03.30\r\n\
            a=type:broadcast\r\na=control:*\r\na=range:npt=now-\r\n\
            a=x-qt-text-nam:rtsp stream server\r\na=x-qt-text-inf:Thu Aug  8 11:04:55 2024\n\r\n\
            m=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\nb=AS:17186\r\na=rtpmap:96 H264/90000\r\n\
            a=fmtp:96 packetization-mode=1;profile-level-id=42C01F;\
            sprop-parameter-sets=Z0LAH42NUCSC2TZAAAADAEAAAA8jwiEagA==,aM4xsg==\r\n\
            a=control:track1\r\n";
        assert_eq!(description.text(), want);
    }
}
