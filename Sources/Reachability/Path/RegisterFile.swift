internal import Rulesets

/// The data registers of one rule: 64 bytes, seen in pieces of 16 or of 4.
///
/// nft writes each register of a rule before it reads it, and newer kernels insist; what was not written is unknown.
struct RegisterFile: Hashable {
    private var bytes: [Octet] = .unknown(64)

    /// `NFT_REG_1` and `NFT_REG32_00` of `linux/netfilter/nf_tables.h`.
    private static let wide: ClosedRange<UInt32> = 1...4
    private static let narrow: ClosedRange<UInt32> = 8...23

    /// Where a register starts; `nil` for the verdict and for numbers that are none.
    private static func offset(_ register: Register) -> Int? {
        switch register.rawValue {
        case wide: Int(register.rawValue - wide.lowerBound) * 16
        case narrow: Int(register.rawValue - narrow.lowerBound) * 4
        default: nil
        }
    }

    /// The first `count` bytes from a register on.
    func load(_ register: Register, _ count: Int) -> [Octet] {
        guard let start = Self.offset(register), start + count <= bytes.count else { return .unknown(count) }
        return Array(bytes[start..<(start + count)])
    }

    /// Writes a value, filled with zeros to a whole number of 4-byte registers as the kernel does.
    mutating func store(_ value: [Octet], in register: Register) {
        guard let start = Self.offset(register) else { return }
        for index in 0..<((value.count + 3) & ~3) where start + index < bytes.count {
            bytes[start + index] = index < value.count ? value[index] : Octet(0)
        }
    }

    /// `bitwise` in its boolean form.
    mutating func apply(_ operation: BitwiseMask) {
        let value = load(operation.source, operation.mask.count)
        let masked = value.indices.map { index in
            value[index].masked(operation.mask[index], xor: index < operation.xor.count ? operation.xor[index] : 0)
        }
        store(masked, in: operation.destination)
    }

    /// `byteorder`: the same both ways.
    mutating func apply(_ operation: ByteOrderConversion) {
        let (length, size) = (Int(operation.length), Int(operation.size))
        let value = load(operation.source, length)
        guard isLittleEndian else { return store(value, in: operation.destination) }
        guard size > 0, length % size == 0 else { return store(.unknown(length), in: operation.destination) }
        let swapped = stride(from: 0, to: length, by: size).flatMap { value[$0..<($0 + size)].reversed() }
        store(swapped, in: operation.destination)
    }
}
