/// Parses addresses, prefixes and ranges without an allocation: a list may have half a million lines.
enum AddressScanner {
    typealias Reason = AddressError.Reason

    /// The address, prefix or range at `bounds`.
    static func scanRange(_ bytes: Span<UInt8>, _ bounds: Range<Int>) throws(Reason) -> AddressRange {
        guard let first = bounds.first else { throw .empty }
        var dash = -1
        var slash = -1
        var hasColon = false
        for index in bounds {
            switch bytes[index] {
            case UInt8(ascii: "-"): if dash < 0 { dash = index }
            case UInt8(ascii: "/"): if slash < 0 { slash = index }
            case UInt8(ascii: ":"): hasColon = true
            case UInt8(ascii: "%"): throw .scoped
            default: break
            }
        }
        if bytes[first] == UInt8(ascii: "[") { throw .bracketed }
        guard hasColon || isDigit(bytes[first]) || first == dash || first == slash else { throw .notAnAddress }
        if dash >= 0 { return try scanEnds(bytes, bounds, dash: dash, hasSlash: slash >= 0) }
        return hasColon
            ? .ipv6(try scanIPv6Prefix(bytes, bounds, slash: slash))
            : .ipv4(try scanIPv4Prefix(bytes, bounds, slash: slash))
    }

    /// The IPv4 address at `bounds`; the prefix if `slash`, the index of its slash, is not negative.
    private static func scanIPv4Prefix(
        _ bytes: Span<UInt8>, _ bounds: Range<Int>, slash: Int
    ) throws(Reason) -> ClosedRange<UInt32> {
        guard slash >= 0 else {
            let address = try scanIPv4(bytes, bounds)
            return address...address
        }
        let address = try scanIPv4(bytes, bounds.lowerBound..<slash)
        return try prefix(of: address, length: scanLength(bytes, (slash + 1)..<bounds.upperBound, maximum: 32))
    }

    /// The IPv6 address at `bounds`; the prefix if `slash`, the index of its slash, is not negative.
    private static func scanIPv6Prefix(
        _ bytes: Span<UInt8>, _ bounds: Range<Int>, slash: Int
    ) throws(Reason) -> ClosedRange<UInt128> {
        guard slash >= 0 else {
            let address = try scanIPv6(bytes, bounds)
            if isMapped(address) { throw .mapped }
            return address...address
        }
        let address = try scanIPv6(bytes, bounds.lowerBound..<slash)
        let length = try scanLength(bytes, (slash + 1)..<bounds.upperBound, maximum: 128)
        if length >= 96, isMapped(address) { throw .mapped }
        return try prefix(of: address, length: length)
    }

    /// The range `first-last` at `bounds`.
    private static func scanEnds(
        _ bytes: Span<UInt8>, _ bounds: Range<Int>, dash: Int, hasSlash: Bool
    ) throws(Reason) -> AddressRange {
        let left = bounds.lowerBound..<dash
        let right = (dash + 1)..<bounds.upperBound
        guard !hasSlash else { throw .prefixInRange }
        switch (hasColon(bytes, left), hasColon(bytes, right)) {
        case (false, false):
            let first = try scanIPv4(bytes, left)
            let last = try scanIPv4(bytes, right)
            guard first <= last else { throw .reversed }
            return .ipv4(first...last)
        case (true, true):
            let first = try scanIPv6(bytes, left)
            let last = try scanIPv6(bytes, right)
            if isMapped(first) || isMapped(last) { throw .mapped }
            guard first <= last else { throw .reversed }
            return .ipv6(first...last)
        case (false, true):
            _ = try scanIPv4(bytes, left)
            _ = try scanIPv6(bytes, right)
            throw .acrossFamilies
        case (true, false):
            _ = try scanIPv6(bytes, left)
            _ = try scanIPv4(bytes, right)
            throw .acrossFamilies
        }
    }

    private static func hasColon(_ bytes: Span<UInt8>, _ bounds: Range<Int>) -> Bool {
        for index in bounds where bytes[index] == UInt8(ascii: ":") { return true }
        return false
    }

    /// The prefix with the first address `address` and `length` bits.
    private static func prefix<Bound: FixedWidthInteger & UnsignedInteger>(
        of address: Bound, length: Int
    ) throws(Reason) -> ClosedRange<Bound> {
        let range = ClosedRange(prefixOf: address, length: length)
        guard range.lowerBound == address else { throw .hostBits }
        return range
    }

    /// The decimal prefix length at `bounds`, from 0 to `maximum`.
    private static func scanLength(
        _ bytes: Span<UInt8>, _ bounds: Range<Int>, maximum: Int
    ) throws(Reason) -> Int {
        guard !bounds.isEmpty else { throw .prefixLengthMissing }
        var length = 0
        for index in bounds {
            let byte = bytes[index]
            if maximum == 32, byte == UInt8(ascii: ".") { throw .netmask }
            guard isDigit(byte) else { throw .prefixLengthNotANumber }
            // Saturates: a length above the maximum stays above it, however many digits follow.
            length = min(length * 10 + Int(byte - UInt8(ascii: "0")), 1000)
        }
        if bounds.count > 1, bytes[bounds.lowerBound] == UInt8(ascii: "0") { throw .prefixLengthLeadingZero }
        guard length <= maximum else { throw .prefixLengthTooLong(maximum) }
        return length
    }
}
