extension AddressRange {
    /// Appends the addresses of lines that are an IPv4 address or prefix and nothing else, each read in one pass.
    ///
    /// Lists have half a million lines. The first line that this leaves alone need not be wrong: it may be a range, IPv6, or
    /// have blanks or a comment.
    ///
    /// - Parameters:
    ///   - bytes: the text.
    ///   - start: where a line starts.
    ///   - ranges: what is appended to.
    /// - Returns: where the first line starts that was not read; `bytes.count` or more when there is none.
    public static func appendPlainLines(
        of bytes: [UInt8], from start: Int, to ranges: inout [ClosedRange<UInt32>]
    ) -> Int {
        // The bounds are checked once for each byte, here; a span would check them again.
        unsafe bytes.withUnsafeBufferPointer { bytes in
            var next = start
            while next < bytes.count {
                var index = next
                guard let range = unsafe plainPrefix(bytes, &index),
                    unsafe index == bytes.count || bytes[index] == UInt8(ascii: "\n")
                else { return next }
                ranges.append(range)
                next = index + 1
            }
            return next
        }
    }

    /// The address or prefix at `index`, which is behind it then.
    @inline(__always)
    private static func plainPrefix(_ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> ClosedRange<UInt32>? {
        var address: UInt32 = 0
        for position in 0..<4 {
            if position > 0 { guard unsafe skip(UInt8(ascii: "."), bytes, &index) else { return nil } }
            guard let octet = unsafe number(bytes, &index), octet <= UInt32(UInt8.max) else { return nil }
            address = address << 8 | octet
        }
        guard unsafe skip(UInt8(ascii: "/"), bytes, &index) else { return address...address }
        guard let length = unsafe number(bytes, &index), length <= UInt32(UInt32.bitWidth) else { return nil }
        // A shift by the whole width gives 0: the prefix of length 0 has only host bits.
        let hostBits = ~(UInt32.max << (UInt32(UInt32.bitWidth) - length))
        return address & hostBits == 0 ? address...(address | hostBits) : nil
    }

    @inline(__always)
    private static func skip(_ byte: UInt8, _ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Bool {
        guard index < bytes.count, unsafe bytes[index] == byte else { return false }
        index += 1
        return true
    }

    /// The number of one to three digits at `index`, without leading zeros; `index` is behind it then.
    @inline(__always)
    private static func number(_ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> UInt32? {
        let first = index
        var number: UInt32 = 0
        while index < bytes.count {
            let digit = unsafe bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            // Each digit but the first follows one that is not a zero.
            if number == 0, index > first { return nil }
            number = number &* 10 &+ UInt32(digit)
            index += 1
        }
        return 1...3 ~= index - first ? number : nil
    }
}
