/// The hash function SHA-256 (FIPS 180-4), so that `sha256sum` gives the same digest of the same files.
struct SHA256 {
    private var state: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    /// The bytes of the block that is not complete.
    private var block: [UInt8] = []
    private var count: UInt64 = 0

    private static let size = 64

    /// Takes more bytes.
    mutating func update(_ bytes: [UInt8]) {
        count += UInt64(bytes.count)
        var rest = bytes[...]
        if !block.isEmpty {
            let missing = min(Self.size - block.count, rest.count)
            block += rest.prefix(missing)
            rest = rest.dropFirst(missing)
            guard block.count == Self.size else { return }
            compress(block[...])
            block = []
        }
        while rest.count >= Self.size {
            compress(rest.prefix(Self.size))
            rest = rest.dropFirst(Self.size)
        }
        block += rest
    }

    /// The digest in hexadecimal, as `sha256sum` prints it.
    consuming func digest() -> String {
        let bits = count * 8
        let zeros = (2 * Self.size - 9 - block.count) % Self.size
        update(
            [0x80] + Array(repeating: 0, count: zeros)
                + (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) })
        return state.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }

    private mutating func compress(_ block: ArraySlice<UInt8>) {
        var words = (0..<16).map { word in
            (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(block[block.startIndex + 4 * word + $1]) }
        }
        for index in 16..<64 {
            let (near, far) = (words[index - 2], words[index - 15])
            let first = near.rotated(17) ^ near.rotated(19) ^ near >> 10
            let second = far.rotated(7) ^ far.rotated(18) ^ far >> 3
            words.append(words[index - 16] &+ second &+ words[index - 7] &+ first)
        }
        var working = state
        for (word, constant) in zip(words, Self.constants) {
            let (a, e) = (working[0], working[4])
            let choice = e & working[5] ^ ~e & working[6]
            let majority = a & working[1] ^ a & working[2] ^ working[1] & working[2]
            let first = working[7] &+ (e.rotated(6) ^ e.rotated(11) ^ e.rotated(25)) &+ choice &+ constant &+ word
            let second = (a.rotated(2) ^ a.rotated(13) ^ a.rotated(22)) &+ majority
            working = [first &+ second, a, working[1], working[2], working[3] &+ first, e, working[5], working[6]]
        }
        state = zip(state, working).map { $0 &+ $1 }
    }

    private static let constants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]
}

extension UInt32 {
    /// The bits, rotated to the right.
    fileprivate func rotated(_ count: UInt32) -> UInt32 { self >> count | self << (32 - count) }
}
