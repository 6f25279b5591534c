extension AddressScanner {
    /// The address at `bounds`: four decimal numbers up to 255 without leading zeros, separated by dots.
    static func scanIPv4(_ bytes: Span<UInt8>, _ bounds: Range<Int>) throws(Reason) -> UInt32 {
        guard !bounds.isEmpty else { throw .endMissing }
        var address: UInt32 = 0
        var number: UInt32 = 0
        var digits = 0
        var numbers = 1
        var hasLeadingZero = false
        var isTooBig = false
        for index in bounds {
            let byte = bytes[index]
            if isDigit(byte) {
                if digits > 0, number == 0 { hasLeadingZero = true }
                number = number * 10 + UInt32(byte - UInt8(ascii: "0"))
                digits += 1
                if number > 255 {
                    isTooBig = true
                    number = 255
                }
            } else if byte == UInt8(ascii: "."), digits > 0 {
                address = address << 8 | number
                numbers += 1
                number = 0
                digits = 0
            } else {
                throw byte == UInt8(ascii: ".") ? .numberMissing : .unexpectedCharacter(.ipv4)
            }
        }
        guard digits > 0 else { throw .numberMissing }
        if hasLeadingZero { throw .leadingZero }
        guard numbers == 4 else { throw .numberCount(numbers) }
        if isTooBig { throw .numberTooBig }
        return address << 8 | number
    }

    /// The address at `bounds`, RFC 4291 2.2: up to eight groups, one `::`, and perhaps a dotted quad at the end.
    static func scanIPv6(_ bytes: Span<UInt8>, _ bounds: Range<Int>) throws(Reason) -> UInt128 {
        var address: UInt128 = 0
        var groups = 0
        var compression = -1
        var index = bounds.lowerBound
        if bytes[index] == UInt8(ascii: ":") {
            guard index + 1 < bounds.upperBound, bytes[index + 1] == UInt8(ascii: ":") else { throw .loneColon }
            compression = 0
            index += 2
        }
        while index < bounds.upperBound {
            let start = index
            var group: UInt128 = 0
            while index < bounds.upperBound, let digit = hexadecimalDigit(bytes[index]) {
                group = (group << 4 | digit) & 0xf_ffff
                index += 1
            }
            if index < bounds.upperBound, bytes[index] == UInt8(ascii: "."), index > start {
                guard groups > 0 || compression == 0 else { throw .portAppended }
                address = address << 32 | UInt128(try scanIPv4(bytes, start..<bounds.upperBound))
                groups += 2
                break
            }
            guard index > start else {
                throw bytes[index] == UInt8(ascii: ":") ? .secondCompression : .unexpectedCharacter(.ipv6)
            }
            guard index - start <= 4 else { throw .groupTooLong }
            address = address << 16 | group
            groups += 1
            guard groups <= 8 else { throw .groupCount }
            guard index < bounds.upperBound else { break }
            guard bytes[index] == UInt8(ascii: ":") else { throw .unexpectedCharacter(.ipv6) }
            index += 1
            guard index < bounds.upperBound else { throw .loneColon }
            guard bytes[index] == UInt8(ascii: ":") else { continue }
            guard compression < 0 else { throw .secondCompression }
            compression = groups
            index += 1
        }
        return try expand(address, groups: groups, compression: compression)
    }

    /// The address of `groups` groups, `compression` of them before `::`; -1 for an address without `::`.
    private static func expand(_ address: UInt128, groups: Int, compression: Int) throws(Reason) -> UInt128 {
        guard compression >= 0 else {
            guard groups == 8 else { throw .groupCount }
            return address
        }
        // RFC 4291 2.2: `::` replaces one or more groups.
        guard groups < 8 else { throw .groupCount }
        let tailBits = (groups - compression) * 16
        let tail = tailBits == 0 ? 0 : address & (UInt128.max >> (128 - tailBits))
        let head = compression == 0 ? 0 : (address >> tailBits) << (128 - compression * 16)
        return head | tail
    }

    /// Whether `address` is in `::ffff:0:0/96`, RFC 4291 2.5.5.2.
    static func isMapped(_ address: UInt128) -> Bool { address >> 32 == 0xffff }

    @inline(__always)
    private static func hexadecimalDigit(_ byte: UInt8) -> UInt128? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt128(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt128(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt128(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
