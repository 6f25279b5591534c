extension AddressRange {
    /// Appends the addresses of the lines that are just an IPv4 address or prefix, in one pass.
    ///
    /// This is the fast path for lists of half a million lines. It stops at the first other line, which may be valid: a
    /// range, an IPv6 address, a line with blanks or a comment.
    ///
    /// - Parameters:
    ///   - bytes: the text in ASCII.
    ///   - start: the offset at which a line starts.
    ///   - ranges: the array to append to; addresses in host byte order.
    /// - Returns: the offset of the first line that was not read; `bytes.count` or more if all were read.
    public static func appendPlainLines(
        of bytes: [UInt8], from start: Int, to ranges: inout [ClosedRange<UInt32>]
    ) -> Int {
        // Unsafe: the functions below check the bounds once for each byte; a span would check them a second time.
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

    /// The address or prefix at `index`; advances `index` past it.
    @inline(__always)
    private static func plainPrefix(_ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> ClosedRange<UInt32>? {
        var address: UInt32 = 0
        for position in 0..<4 {
            if position > 0 { guard unsafe skip(UInt8(ascii: "."), bytes, &index) else { return nil } }
            guard let byte = unsafe number(bytes, &index), byte <= UInt32(UInt8.max) else { return nil }
            address = address << 8 | byte
        }
        guard unsafe skip(UInt8(ascii: "/"), bytes, &index) else { return address...address }
        guard let length = unsafe number(bytes, &index), length <= UInt32(UInt32.bitWidth) else { return nil }
        // Swift's shift by the whole width is 0: the prefix of length 0 has only host bits.
        let hostBits = ~(UInt32.max << (UInt32(UInt32.bitWidth) - length))
        return address & hostBits == 0 ? address...(address | hostBits) : nil
    }

    @inline(__always)
    private static func skip(_ byte: UInt8, _ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Bool {
        guard index < bytes.count, unsafe bytes[index] == byte else { return false }
        index += 1
        return true
    }

    /// The number of one to three digits without leading zeros at `index`; advances `index` past it.
    @inline(__always)
    private static func number(_ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> UInt32? {
        let first = index
        var number: UInt32 = 0
        while index < bytes.count {
            let digit = unsafe bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            // A leading zero.
            if number == 0, index > first { return nil }
            number = number &* 10 &+ UInt32(digit)
            index += 1
        }
        return 1...3 ~= index - first ? number : nil
    }
}
