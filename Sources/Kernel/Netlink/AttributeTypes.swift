/// A set of attribute types.
struct AttributeTypes: ExpressibleByArrayLiteral {
    /// One bit per type; the kernel numbers the types of each object from 1, and none reaches 64.
    private let bits: UInt64

    init(arrayLiteral types: any RawRepresentable<UInt32>...) {
        bits = types.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
    }

    /// Whether the set contains this type.
    func contains(_ type: UInt32) -> Bool { bits >> UInt64(type) & 1 != 0 }
}
