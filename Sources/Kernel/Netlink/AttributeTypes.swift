/// Types of attributes.
struct AttributeTypes: ExpressibleByArrayLiteral {
    /// A bit for each; the kernel numbers them from 1, and has less than 64 of any kind.
    private let bits: UInt64

    init(arrayLiteral types: any RawRepresentable<UInt32>...) {
        bits = types.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
    }

    /// Whether this type is among them.
    func contains(_ type: UInt32) -> Bool { bits >> UInt64(type) & 1 != 0 }
}
