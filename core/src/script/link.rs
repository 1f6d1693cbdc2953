//! Scripts as part of a web address: raw deflate (RFC 1951), then base64 with the URL-safe
//! alphabet (RFC 4648 §5) without padding.

use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine};
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

use super::limits::{MAX_LINK, MAX_SCRIPT_BYTES};

/// The compression that makes the shortest links.
const LEVEL: u8 = 10;

/// Writes no padding and forgives it, because some programs that pass links on add it. Forgives the
/// odd bits at the end of a link that was cut, so that it is known as cut.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Why a link holds no script.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LinkError {
    /// More characters than any script needs.
    #[error("the link is longer than {MAX_LINK} characters")]
    TooLong,
    /// A character that is not of the alphabet.
    #[error("the link is damaged: it is not base64 with the URL-safe alphabet")]
    NotBase64,
    /// The bytes are not deflated.
    #[error("the link is damaged: what it holds cannot be unpacked")]
    NotDeflate,
    /// The end is missing.
    #[error("the link is cut off: its end is missing")]
    CutOff,
    /// It unpacks to more than a script may have.
    #[error("the link unpacks to more than {MAX_SCRIPT_BYTES} bytes, the longest script")]
    TooLarge,
    /// The bytes are not UTF-8.
    #[error("the link is damaged: what it holds is not text")]
    NotText,
}

/// The text as letters, digits, `-` and `_`.
pub fn encode(text: &str) -> String {
    BASE64.encode(compress_to_vec(text.as_bytes(), LEVEL))
}

/// The text of which this is the encoding.
pub fn decode(link: &str) -> Result<String, LinkError> {
    if link.len() > MAX_LINK {
        return Err(LinkError::TooLong);
    }
    let packed = BASE64.decode(link).map_err(|error| match error {
        DecodeError::InvalidLength(_) => LinkError::CutOff,
        _ => LinkError::NotBase64,
    })?;
    let unpacked = decompress_to_vec_with_limit(&packed, MAX_SCRIPT_BYTES);
    let bytes = unpacked.map_err(|error| match error.status {
        TINFLStatus::HasMoreOutput => LinkError::TooLarge,
        TINFLStatus::FailedCannotMakeProgress | TINFLStatus::NeedsMoreInput => LinkError::CutOff,
        _ => LinkError::NotDeflate,
    })?;
    String::from_utf8(bytes).map_err(|_| LinkError::NotText)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "quorumscope 1\nservers 5\n\ncrash S1\nsay \"ä😀\"\n";

    #[test]
    fn what_was_encoded_decodes() {
        for text in ["", "x", SCRIPT, &SCRIPT.repeat(1_000)] {
            let link = encode(text);
            let safe = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            assert!(link.chars().all(safe));
            assert_eq!(decode(&link).as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_long_script_makes_a_short_link() {
        assert!(encode(&SCRIPT.repeat(1_000)).len() < 1_000);
    }

    #[test]
    fn padding_is_forgiven() {
        assert_eq!(decode(&(encode(SCRIPT) + "==")).as_deref(), Ok(SCRIPT));
    }

    #[test]
    fn damage_is_told_apart() {
        assert_eq!(decode("a b"), Err(LinkError::NotBase64));
        assert_eq!(decode("a+/b"), Err(LinkError::NotBase64));
        assert_eq!(decode("____"), Err(LinkError::NotDeflate));
        let link = encode(SCRIPT);
        for length in 0..link.len() {
            assert_eq!(decode(&link[..length]), Err(LinkError::CutOff), "{length}");
        }
        let bytes = BASE64.encode(compress_to_vec(&[0xff, 0xfe], LEVEL));
        assert_eq!(decode(&bytes), Err(LinkError::NotText));
    }

    #[test]
    fn a_small_link_cannot_unpack_to_more_than_a_script() {
        let bomb = compress_to_vec(&vec![b'#'; MAX_SCRIPT_BYTES + 1], LEVEL);
        assert!(bomb.len() < MAX_SCRIPT_BYTES / 100);
        assert_eq!(decode(&BASE64.encode(bomb)), Err(LinkError::TooLarge));
        assert_eq!(decode(&"A".repeat(MAX_LINK + 1)), Err(LinkError::TooLong));
    }
}
