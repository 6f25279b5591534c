internal import Glibc

/// Names of tables, chains, sets and interfaces, which are bytes for the kernel, as text.
///
/// Letters, digits and signs of ASCII stand for themselves. Every other byte and the backslash are written `\\xNN`, so that
/// different names are different texts, also where Unicode has several encodings of one character, and no name has a
/// character that controls a terminal.
public enum KernelName {
    private static let mark = UInt8(ascii: "\\")
    private static let digits = Array("0123456789abcdef".utf8)
    /// `\\xNN`.
    private static let length = 4

    /// The text of a name, from its bytes without the NUL.
    ///
    /// Only the copy is generic: the algorithms of another collection than an array would be looked up at run time.
    @inlinable public static func text(of bytes: some Collection<UInt8>) -> String { text(of: Array(bytes)) }

    /// The text of a name, from its bytes without the NUL.
    public static func text(of bytes: [UInt8]) -> String {
        guard !bytes.allSatisfy(isPlain) else { return String(decoding: bytes, as: UTF8.self) }
        let text = bytes.flatMap { byte in
            isPlain(byte)
                ? [byte] : [mark, UInt8(ascii: "x"), digits[Int(byte >> 4)], digits[Int(byte & 0xf)]]
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The text of a name in memory that ends with NUL.
    public static func text(at name: UnsafePointer<CChar>) -> String {
        unsafe UnsafeBufferPointer(start: name, count: strlen(name)).withMemoryRebound(to: UInt8.self) {
            unsafe text(of: $0)
        }
    }

    /// The bytes of a name, without a NUL; what is not such an escape stands for itself.
    public static func bytes(of text: String) -> [UInt8] {
        let text = Array(text.utf8)
        guard text.contains(mark) else { return text }
        var bytes: [UInt8] = []
        var place = 0
        while place < text.count {
            if let byte = escaped(text[place...]) {
                bytes.append(byte)
                place += length
            } else {
                bytes.append(text[place])
                place += 1
            }
        }
        return bytes
    }

    private static func isPlain(_ byte: UInt8) -> Bool { byte > 0x1f && byte < 0x7f && byte != mark }

    /// The byte of an escape at the start.
    private static func escaped(_ text: ArraySlice<UInt8>) -> UInt8? {
        let head = Array(text.prefix(length))
        guard head.count == length, head[0] == mark, head[1] == UInt8(ascii: "x"),
            let high = digits.firstIndex(of: head[2]), let low = digits.firstIndex(of: head[3])
        else { return nil }
        return UInt8(high << 4 | low)
    }
}
