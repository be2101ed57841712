//! What the simulated camera sees: a chamber, a bed that sinks, a print that grows, a head that runs.
//!
//! Everything is drawn from two numbers, the time since the start and the time of day, so that
//! the same times always give the same picture.

mod font;

use std::time::Duration;

use crate::picture::{Colour, Picture, Range};

use font::{draw_text, text_width};

/// One scene at one picture size.
#[derive(Debug)]
pub(crate) struct Scene {
    backdrop: Picture,
    filament: Colour,
    title: String,
    first_layer: i32,
    width: i32,
    height: i32,
}

impl Scene {
    /// `seed` picks the filament's colour and how far the print is; the title stands in the upper left corner.
    pub(crate) fn new(size: [usize; 2], range: Range, title: &str, seed: u64) -> Scene {
        let [width, height] = size;
        let mut scene = Scene {
            backdrop: Picture::in_range(size, WALL, range),
            filament: FILAMENTS[(seed % FILAMENTS.len() as u64) as usize],
            title: title.to_uppercase(),
            // Something to see from the start, and not the same for every camera.
            first_layer: ((seed % 100 * 23 + 45) % LAYERS as u64) as i32,
            width: width as i32,
            height: height as i32,
        };
        scene.draw_backdrop();
        scene
    }

    /// A picture of the right size to draw on.
    pub(crate) fn blank(&self) -> Picture {
        self.backdrop.clone()
    }

    /// Draws the whole scene, `elapsed` after its start, at `time_of_day` after midnight (UTC).
    pub(crate) fn draw(&self, picture: &mut Picture, elapsed: Duration, time_of_day: Duration) {
        picture.copy_from(&self.backdrop);
        let layers = elapsed.as_millis() / LAYER_MILLIS + self.first_layer as u128;
        let layer = (layers % LAYERS as u128) as i32;
        self.draw_bed(picture, layer);
        self.draw_print(picture, layer);
        self.draw_head(picture, layer, elapsed);
        self.draw_captions(picture, layer, time_of_day);
    }

    fn draw_backdrop(&mut self) {
        let (width, height) = (self.width, self.height);
        let picture = &mut self.backdrop;
        // The back wall darkens downwards in bands that are whole macroblock rows.
        for band in 0..(height + 15) / 16 {
            let shade = 128 - 80 * band / (height / 16);
            picture.fill([0, width], [16 * band, 16 * band + 16], WALL.shade(shade as u32));
        }
        // Side walls, with the edge where they meet the back.
        for (x, edge) in [([0, 96], 96), ([width - 96, width], width - 100)] {
            picture.fill(x, [0, height], SIDE_WALL);
            picture.fill([edge, edge + 4], [0, height], SIDE_WALL.shade(60));
        }
        // Seams of the back panel and the spool of the exhaust filter.
        for x in [width / 3, 2 * width / 3] {
            picture.fill([x, x + 2], [64, height], WALL.shade(50));
        }
        for (radius, shade) in [(44, 45), (38, 70), (14, 45)] {
            picture.disc([width - 200, 112], radius, WALL.shade(shade));
        }
        // The lamp and the light that it throws.
        picture.fill([128, 416], [72, 96], LAMP.shade(62));
        picture.fill([132, 412], [76, 92], LAMP);
        // The rail that the head runs on, before and behind.
        for (y, colour) in [(RAIL, RAIL_COLOUR), (RAIL + 40, RAIL_COLOUR.shade(80))] {
            picture.fill([96, width - 96], [y, y + 12], colour);
            picture.fill([96, width - 96], [y + 2, y + 4], colour.shade(150));
        }
        for x in [96, width - 128] {
            picture.fill([x, x + 32], [RAIL - 12, RAIL + 64], CARRIAGE);
            picture.fill([x + 4, x + 28], [RAIL - 8, RAIL - 4], CARRIAGE.shade(170));
        }
        // The lead screws that the bed hangs on.
        for x in [width / 2 - 300, width / 2 + 292] {
            picture.fill([x, x + 8], [RAIL + 60, height], RAIL_COLOUR.shade(70));
        }
    }

    /// The bed sinks by one step a layer; its plate is drawn in perspective.
    fn draw_bed(&self, picture: &mut Picture, layer: i32) {
        let middle = self.width / 2;
        let top = PRINT_TOP + (layer + 1) * STEP - BED_BACK;
        for row in 0..BED_BACK + BED_FRONT {
            let half = BED_HALF_WIDTH + row;
            let colour = PLATE.shade(78 + row as u32 / 4);
            let y = top + row;
            picture.fill([middle - half, middle + half], [y, y + 1], colour);
        }
        // The plate's printed lines.
        for row in [8, 36, 72, 116] {
            let half = BED_HALF_WIDTH + row - 24;
            let y = top + row;
            picture.fill([middle - half, middle + half], [y, y + 2], PLATE.shade(62));
        }
        let half = BED_HALF_WIDTH + BED_BACK + BED_FRONT;
        let front = top + BED_BACK + BED_FRONT;
        picture.fill([middle - half, middle + half], [front, front + 18], CARRIAGE);
        picture.fill([middle - half, middle + half], [front, front + 3], CARRIAGE.shade(190));
        picture.fill([middle - half + 40, middle + half - 40], [front + 18, front + 30], SHADOW);
    }

    /// A vase, its newest layer always at the nozzle's height.
    fn draw_print(&self, picture: &mut Picture, layer: i32) {
        let middle = self.width / 2;
        // Contact shadow first.
        let foot = PRINT_TOP + (layer + 1) * STEP;
        let half = radius_at(0) + 10;
        picture.fill([middle - half, middle + half], [foot - 3, foot + 4], PLATE.shade(45));
        for age in 0..=layer {
            let y = PRINT_TOP + age * STEP;
            let radius = radius_at(layer - age);
            // Every fourth layer line is a little darker.
            let line = if (layer - age) % 4 == 0 { 88 } else { 100 };
            for (strip, light) in STRIPS.windows(2).zip(STRIP_LIGHT) {
                let x = [middle + radius * strip[0] / 100, middle + radius * strip[1] / 100];
                picture.fill(x, [y, y + STEP], self.filament.shade(light * line / 100));
            }
        }
    }

    fn draw_head(&self, picture: &mut Picture, layer: i32, elapsed: Duration) {
        let x = self.width / 2 + head_offset(elapsed, radius_at(layer));
        let top = RAIL - 40;
        let bottom = PRINT_TOP - 44;
        // The cable chain behind, then the body with its lit edge.
        picture.fill([x - 8, x + 8], [64, top], CARRIAGE.shade(70));
        picture.fill([x - 64, x + 64], [top, bottom], HEAD);
        picture.fill([x - 64, x + 64], [top, top + 4], HEAD.shade(190));
        picture.fill([x - 64, x - 60], [top, bottom], HEAD.shade(150));
        picture.fill([x + 60, x + 64], [top, bottom], HEAD.shade(60));
        picture.fill([x - 48, x + 48], [top + 16, bottom - 16], HEAD.shade(130));
        // The fan, the maker's green line, the hot end.
        let fan = [x, top + 64];
        for (radius, shade) in [(30, 60), (26, 95), (9, 50)] {
            picture.disc(fan, radius, HEAD.shade(shade));
        }
        picture.fill([x - 48, x + 48], [bottom - 32, bottom - 26], GREEN);
        picture.fill([x - 22, x + 22], [bottom, bottom + 18], RAIL_COLOUR);
        for row in 0..26 {
            let half = 16 - row * 14 / 26;
            let y = bottom + 18 + row;
            picture.fill([x - half, x + half], [y, y + 1], BRASS.shade(130 - row as u32 * 2));
        }
    }

    fn draw_captions(&self, picture: &mut Picture, layer: i32, time_of_day: Duration) {
        let (width, height) = (self.width, self.height);
        picture.fill([0, width], [0, 48], CAPTION);
        picture.fill([0, width], [height - 64, height], CAPTION);
        draw_text(picture, [16, 14], 3, &self.title, TEXT.shade(85));
        let live = "LIVE";
        let x = width - 16 - text_width(live, 3);
        draw_text(picture, [x, 14], 3, live, TEXT.shade(85));
        picture.disc([x - 18, 24], 8, RED);

        let percent = (layer + 1) * 100 / LAYERS;
        let text = format!("LAYER {:03}/{LAYERS}  {percent:3}%", layer + 1);
        draw_text(picture, [16, height - 48], 4, &text, TEXT);
        let clock = clock(time_of_day);
        let x = (width - 16 - text_width(&clock, 4)) / 16 * 16;
        draw_text(picture, [x, height - 48], 4, &clock, TEXT);

        // Progress along the caption's upper edge.
        picture.fill([0, width], [height - 64, height - 60], CAPTION.shade(250));
        let done = width * (layer + 1) / LAYERS;
        picture.fill([0, done], [height - 64, height - 60], GREEN);
    }
}

/// "HH:MM:SS.mmm UTC"
fn clock(time_of_day: Duration) -> String {
    let seconds = time_of_day.as_secs() % 86_400;
    format!("{:02}:{:02}:{:02}.{:03} UTC", seconds / 3600, seconds / 60 % 60, seconds % 60, time_of_day.subsec_millis())
}

/// The vase's outline: its radius in samples at a layer.
fn radius_at(layer: i32) -> i32 {
    let height = f64::from(layer) / f64::from(LAYERS);
    (84.0 + 38.0 * (height * 5.2 + 0.6).sin() - 18.0 * height) as i32
}

/// The head runs to and fro over the print, never twice the same way.
fn head_offset(elapsed: Duration, radius: i32) -> i32 {
    let seconds = elapsed.as_secs_f64();
    let stroke = f64::from(radius - 12) * (seconds * 3.1).sin();
    (stroke + 10.0 * (seconds * 0.7).sin()) as i32
}

const LAYERS: i32 = 100;
const LAYER_MILLIS: u128 = 1200;
/// Samples per layer; even, so that chroma follows.
const STEP: i32 = 2;

const RAIL: i32 = 216;
const PRINT_TOP: i32 = 372;
const BED_BACK: i32 = 48;
const BED_FRONT: i32 = 76;
const BED_HALF_WIDTH: i32 = 250;

/// Edges of the print's vertical strips in percent of the radius, and the light on each.
const STRIPS: [i32; 8] = [-100, -90, -70, -40, 10, 50, 80, 100];
const STRIP_LIGHT: [u32; 7] = [62, 82, 104, 122, 108, 86, 66];

const WALL: Colour = Colour::rgb(0x4a5058);
const SIDE_WALL: Colour = Colour::rgb(0x2a2d31);
const SHADOW: Colour = Colour::rgb(0x17181a);
const LAMP: Colour = Colour::rgb(0xfff8e6);
const RAIL_COLOUR: Colour = Colour::rgb(0x7c8288);
const CARRIAGE: Colour = Colour::rgb(0x33363a);
const HEAD: Colour = Colour::rgb(0x5a5e64);
const PLATE: Colour = Colour::rgb(0xb08d4c);
const BRASS: Colour = Colour::rgb(0xc9a04a);
const GREEN: Colour = Colour::rgb(0x00ae42);
const RED: Colour = Colour::rgb(0xe5332a);
const CAPTION: Colour = Colour::rgb(0x121416);
const TEXT: Colour = Colour::rgb(0xf4f6f8);
const FILAMENTS: [Colour; 6] = [
    Colour::rgb(0xff7a1a),
    Colour::rgb(0x1c8ef2),
    Colour::rgb(0x2fbf5b),
    Colour::rgb(0xd8343f),
    Colour::rgb(0xa35bd6),
    Colour::rgb(0xf2c71b),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_times_give_the_same_picture_and_others_do_not() {
        let scene = Scene::new([1168, 720], Range::Full, "X1C", 0);
        let draw = |elapsed, time_of_day| {
            let mut picture = scene.blank();
            let millis = Duration::from_millis;
            scene.draw(&mut picture, millis(elapsed), millis(time_of_day));
            picture
        };
        assert_eq!(draw(5000, 1), draw(5000, 1));
        assert_ne!(draw(5000, 1), draw(5000, 2), "the clock");
        assert_ne!(draw(5000, 1), draw(6000, 1), "the head");
    }

    #[test]
    fn clock_is_time_of_day() {
        for (millis, want) in [
            (0, "00:00:00.000 UTC"),
            (86_399_999, "23:59:59.999 UTC"),
            (86_400_001, "00:00:00.001 UTC"),
            (45_296_789, "12:34:56.789 UTC"),
        ] {
            assert_eq!(clock(Duration::from_millis(millis)), want);
        }
    }
}
