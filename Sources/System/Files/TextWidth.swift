internal import CLinux
internal import Glibc

/// The width of text on a terminal.
public enum TextWidth {
    /// The columns that `text` takes: two for a wide character, none for one that combines with the character before it.
    ///
    /// As wcwidth(3) counts them in the locale C.UTF-8; control characters count as one column.
    public static func columns(of text: some StringProtocol) -> Int {
        if isASCII(text) { return text.utf8.count }
        guard let locale = unsafe newlocale(LC_CTYPE_MASK, "C.UTF-8", nil) else { return text.count }
        let former = unsafe uselocale(locale)
        defer {
            unsafe uselocale(former)
            unsafe freelocale(locale)
        }
        return text.unicodeScalars.reduce(0) { $0 + columns(of: $1) }
    }

    /// Whether all bytes are those of ASCII; a table of thousands of rows asks for each cell, so the bytes are read where they lie.
    private static func isASCII(_ text: some StringProtocol) -> Bool {
        let isASCII = text.utf8.withContiguousStorageIfAvailable { bytes in
            unsafe bytes.allSatisfy { $0 < 0x80 }
        }
        return isASCII ?? text.utf8.allSatisfy { $0 < 0x80 }
    }

    private static func columns(of scalar: Unicode.Scalar) -> Int {
        let width = shim_width(scalar.value)
        return width < 0 ? 1 : Int(width)
    }
}
