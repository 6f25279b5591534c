internal import Glibc

/// Reads numbers and texts from bytes, at any offset and alignment.
///
/// Each call is safe: the bounds are checked, and every sequence of bytes is a number.
extension Span<UInt8> {
    /// The number in host order at `offset`, which must lie in the span.
    @inlinable
    public func number<Number: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int, as type: Number.Type = Number.self
    ) -> Number { unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Number.self) }

    /// The text in UTF-8 from `offset` to the next NUL or to the end, with U+FFFD in place of invalid UTF-8.
    public func text(at offset: Int) -> String {
        unsafe withUnsafeBufferPointer {
            unsafe String(decoding: $0.dropFirst(offset).prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// Whether the span starts with the bytes of `prefix`.
    public func hasPrefix(_ prefix: Span<UInt8>) -> Bool {
        guard count >= prefix.count else { return false }
        return unsafe withUnsafeBufferPointer { mine in
            unsafe prefix.withUnsafeBufferPointer { others in
                guard let left = mine.baseAddress, let right = others.baseAddress else { return true }
                return unsafe memcmp(left, right, others.count) == 0
            }
        }
    }
}

/// Writes numbers to bytes, at any offset and alignment.
extension MutableSpan<UInt8> {
    /// Stores a number in host order at `offset`; all of it must lie in the span.
    @inlinable
    public mutating func store<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number, at offset: Int) {
        // Safe: an array of bytes may hold any bytes, and the bounds are checked.
        var raw = unsafe mutableBytes
        raw.storeBytes(of: number, toByteOffset: offset, as: Number.self)
    }
}
