extension ClosedRange where Bound: FixedWidthInteger & UnsignedInteger {
    /// The prefix of `length` bits that contains `address`; the host bits of `address` are ignored.
    ///
    /// - Parameters:
    ///   - address: Any address of the prefix.
    ///   - length: The number of leading bits, from 0 to the width of an address in bits.
    public init(prefixOf address: Bound, length: Int) {
        precondition((0...Bound.bitWidth).contains(length), "a prefix is no longer than an address")
        let hostBits: Bound = length == 0 ? .max : ~(.max << (Bound.bitWidth - length))
        self = (address & ~hostBits)...(address | hostBits)
    }

    /// The length in bits of the prefix that is exactly this range; `nil` if the range is not a prefix.
    public var prefixLength: Int? {
        let hostBits = lowerBound ^ upperBound
        guard hostBits & (hostBits &+ 1) == 0, lowerBound & hostBits == 0 else { return nil }
        return hostBits.leadingZeroBitCount
    }
}
