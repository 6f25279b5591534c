internal import Rulesets

/// The data registers of one rule: 64 bytes, addressed as registers of 16 or of 4 bytes.
///
/// A byte that the rule has not written is unknown; newer kernels reject rules that read it.
struct RegisterFile: Hashable {
    private var bytes: [SymbolicByte] = .unknown(64)

    /// `NFT_REG_1` and `NFT_REG32_00` of `linux/netfilter/nf_tables.h`.
    private static let wide: ClosedRange<UInt32> = 1...4
    private static let narrow: ClosedRange<UInt32> = 8...23

    /// The offset of a register in bytes; `nil` for the verdict register and for unknown numbers.
    private static func offset(_ register: Register) -> Int? {
        switch register.rawValue {
        case wide: Int(register.rawValue - wide.lowerBound) * 16
        case narrow: Int(register.rawValue - narrow.lowerBound) * 4
        default: nil
        }
    }

    /// `count` bytes from the start of a register on.
    func load(_ register: Register, _ count: Int) -> [SymbolicByte] {
        guard let start = Self.offset(register), start + count <= bytes.count else { return .unknown(count) }
        return Array(bytes[start..<(start + count)])
    }

    /// Writes a value, padded with zeros to a multiple of 4 bytes as in the kernel.
    mutating func store(_ value: [SymbolicByte], in register: Register) {
        guard let start = Self.offset(register) else { return }
        for index in 0..<((value.count + 3) & ~3) where start + index < bytes.count {
            bytes[start + index] = index < value.count ? value[index] : SymbolicByte(0)
        }
    }

    /// Applies `bitwise` in its boolean form.
    mutating func apply(_ operation: BitwiseMask) {
        let value = load(operation.source, operation.mask.count)
        let masked = value.indices.map { index in
            value[index].masked(operation.mask[index], xor: index < operation.xor.count ? operation.xor[index] : 0)
        }
        store(masked, in: operation.destination)
    }

    /// Applies `byteorder`, which is the same operation in both directions.
    mutating func apply(_ operation: ByteOrderConversion) {
        let length = Int(operation.length)
        let size = Int(operation.size)
        let value = load(operation.source, length)
        guard isLittleEndian else { return store(value, in: operation.destination) }
        guard size > 0, length % size == 0 else { return store(.unknown(length), in: operation.destination) }
        let swapped = stride(from: 0, to: length, by: size).flatMap { value[$0..<($0 + size)].reversed() }
        store(swapped, in: operation.destination)
    }
}
