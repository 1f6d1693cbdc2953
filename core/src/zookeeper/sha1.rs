//! The hash that the digest scheme stores in place of a password (FIPS 180-4, SHA-1).
//!
//! It protects nothing today; ZooKeeper's access control lists are written with it, so they are
//! here, too.

/// Bytes that one round of the compression takes in.
const BLOCK: usize = 64;

/// The hash of `message`.
pub(super) fn sha1(message: &[u8]) -> [u8; 20] {
    let mut state = [
        0x6745_2301,
        0xefcd_ab89,
        0x98ba_dcfe,
        0x1032_5476,
        0xc3d2_e1f0,
    ];
    for block in padded(message).chunks_exact(BLOCK) {
        compress(&mut state, block);
    }
    let mut hash = [0; 20];
    for (bytes, word) in hash.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    hash
}

/// The message, a one, zeros up to the last eight bytes of a block, and there its length in bits.
fn padded(message: &[u8]) -> Vec<u8> {
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % BLOCK != BLOCK - 8 {
        padded.push(0);
    }
    let bits = message.len() as u64 * 8;
    padded.extend(bits.to_be_bytes());
    padded
}

fn compress(state: &mut [u32; 5], block: &[u8]) {
    let mut words = [0_u32; 80];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    for at in 16..words.len() {
        let mixed = words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16];
        words[at] = mixed.rotate_left(1);
    }
    let mut round = *state;
    for (at, word) in words.iter().enumerate() {
        let [_, second, third, fourth, fifth] = round;
        let (choice, constant) = match at {
            0..20 => ((second & third) | (!second & fourth), 0x5a82_7999),
            20..40 => (second ^ third ^ fourth, 0x6ed9_eba1),
            40..60 => (
                (second & third) | (second & fourth) | (third & fourth),
                0x8f1b_bcdc,
            ),
            _ => (second ^ third ^ fourth, 0xca62_c1d6),
        };
        let first = round[0]
            .rotate_left(5)
            .wrapping_add(choice)
            .wrapping_add(fifth)
            .wrapping_add(constant)
            .wrapping_add(*word);
        round = [first, round[0], second.rotate_left(30), third, fourth];
    }
    for (word, mixed) in state.iter_mut().zip(round) {
        *word = word.wrapping_add(mixed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(message: &[u8]) -> String {
        let digits: Vec<String> = sha1(message).iter().map(|b| format!("{b:02x}")).collect();
        digits.concat()
    }

    #[test]
    fn the_hashes_are_those_of_the_standard() {
        assert_eq!(hex(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(hex(b""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        let two_blocks = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        assert_eq!(hex(two_blocks), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
        let million = vec![b'a'; 1_000_000];
        assert_eq!(hex(&million), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    }
}
