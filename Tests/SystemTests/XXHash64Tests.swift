import Testing

@testable import System

@Suite("The hash of state files is XXH64")
struct XXHash64Tests {
    /// Values of the reference implementation.
    static let values: [([UInt8], UInt64)] = [
        ([], 0xef46_db37_51d8_e999), (Array("a".utf8), 0xd24e_c4f1_a98c_6e5b),
        (Array("abc".utf8), 0x44bc_2cf5_ad77_0999),
        (Array("xxhash".utf8), 0x32dd_3895_2c4b_c720), (Array(0..<32), 0xcbf5_9c51_16ff_32b4),
        (Array(0..<101) + Array(0..<101) + Array(0..<101), 0xb884_ca63_42b2_7f52),
    ]

    @Test("The hash equals the reference, wherever the bytes are cut", arguments: values)
    func reference(bytes: [UInt8], value: UInt64) {
        #expect(XXHash64.hash(of: [bytes[...]]) == value)
        for length in [1, 3, 31, 32, 33, 64] {
            let pieces = stride(from: 0, to: bytes.count, by: length).map { bytes[$0..<min($0 + length, bytes.count)] }
            #expect(XXHash64.hash(of: pieces) == value)
        }
    }
}
