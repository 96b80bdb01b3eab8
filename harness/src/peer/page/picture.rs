//! Covers parts of a picture.

use std::io::Cursor;

/// A page's picture is not larger (bytes of its points).
const MOST: usize = 256 << 20;

/// The picture (PNG) with these boxes (left, top, width, height) black; they are in a measure in which it is `width` wide.
///
/// # Errors
/// If it cannot be read: then nobody is to see it.
pub(super) fn covered(png: &[u8], width: f64, boxes: &[[f64; 4]]) -> Result<Vec<u8>, String> {
    let limits = png::Limits { bytes: MOST };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(png), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(told)?;
    let size = reader.output_buffer_size().filter(|size| *size <= MOST);
    let mut points = vec![0; size.ok_or("it is too large")?];
    let info = reader.next_frame(&mut points).map_err(told)?;
    points.truncate(info.buffer_size());
    let (across, down) = (info.width as usize, info.height as usize);
    let scale = f64::from(info.width) / width;
    if !scale.is_finite() || scale <= 0.0 {
        return Err("its width is not known".to_owned());
    }
    let (samples, alpha) = match info.color_type {
        png::ColorType::Grayscale => (1, false),
        png::ColorType::GrayscaleAlpha => (2, true),
        png::ColorType::Rgb => (3, false),
        png::ColorType::Rgba => (4, true),
        png::ColorType::Indexed => return Err("its colours are a list".to_owned()),
    };
    for [left, top, width, height] in boxes {
        // A point more on each side: edges are blurred.
        let columns = range(*left, *width, scale, across);
        for row in range(*top, *height, scale, down) {
            let at = |column: usize| (row * across + column) * samples;
            for column in columns.clone() {
                let point = &mut points[at(column)..at(column + 1)];
                point.fill(0);
                if alpha {
                    point[samples - 1] = 255;
                }
            }
        }
    }
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, info.width, info.height);
    encoder.set_color(info.color_type);
    encoder.set_depth(info.bit_depth);
    let mut writer = encoder.write_header().map_err(told)?;
    writer.write_image_data(&points).map_err(told)?;
    writer.finish().map_err(told)?;
    Ok(out)
}

fn range(from: f64, length: f64, scale: f64, most: usize) -> std::ops::Range<usize> {
    // Numbers that are none, or too large, end at the edges.
    let low = ((from * scale).floor() - 1.0).max(0.0) as usize;
    let high = (((from + length) * scale).ceil() + 1.0).max(0.0) as usize;
    low.min(most)..high.min(most)
}

fn told(error: impl ToString) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(points: &[u8], across: u32, down: u32) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, across, down);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(points).unwrap();
        writer.finish().unwrap();
        out
    }

    fn points(png: &[u8]) -> Vec<u8> {
        let mut reader = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
        let mut points = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut points).unwrap();
        points
    }

    #[test]
    fn a_box_is_black_with_a_point_around_it_and_the_rest_as_it_was() {
        let white = picture(&[255; 64], 8, 8);
        // Four wide for eight points: each is two.
        let covered = covered(&white, 4.0, &[[1.0, 0.0, 1.0, 1.0]]).unwrap();
        let mut expected = [255; 64];
        for row in 0..3 {
            expected[row * 8 + 1..row * 8 + 5].fill(0);
        }
        assert_eq!(points(&covered), expected);
    }

    #[test]
    fn boxes_that_are_elsewhere_or_no_numbers_take_nothing_down() {
        let white = picture(&[255; 64], 8, 8);
        for wrong in [f64::NAN, f64::INFINITY, -1e300, 1e300] {
            covered(&white, 8.0, &[[wrong, wrong, wrong, wrong]]).unwrap();
        }
        assert!(covered(&white, 0.0, &[[0.0, 0.0, 1.0, 1.0]]).is_err());
        assert!(covered(b"no picture", 8.0, &[[0.0, 0.0, 1.0, 1.0]]).is_err());
    }
}
