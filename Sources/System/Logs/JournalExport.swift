/// systemd's Journal Export Format: entries with an empty line behind each, fields of `NAME=TEXT`, or of a name, eight bytes
/// with the length in little-endian order, and as many bytes.
enum JournalExport {
    /// The fields of an entry.
    struct Entry {
        fileprivate(set) var fields: [String: ArraySlice<UInt8>] = [:]

        /// The field as text.
        func text(_ name: String) -> String? { fields[name].map { String(decoding: $0, as: UTF8.self) } }

        /// The field as a number.
        func number(_ name: String) -> Int64? { text(name).flatMap { Int64($0) } }
    }

    private static let newline = UInt8(ascii: "\n")
    private static let lengthBytes = 8

    /// The entries; what ends in the middle of a field is left out.
    static func entries(_ bytes: [UInt8]) -> [Entry] {
        var entries: [Entry] = []
        var entry = Entry()
        var rest = bytes[...]
        while let end = rest.firstIndex(of: newline) {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            if line.isEmpty {
                if !entry.fields.isEmpty { entries.append(entry) }
                entry = Entry()
            } else if let sign = line.firstIndex(of: UInt8(ascii: "=")) {
                entry.fields[String(decoding: line[..<sign], as: UTF8.self)] = line[(sign + 1)...]
            } else {
                guard let value = binary(&rest) else { return entries }
                entry.fields[String(decoding: line, as: UTF8.self)] = value
            }
        }
        return entries
    }

    /// Takes a length, the bytes and the newline behind them; `nil` if they are not all there.
    private static func binary(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let length = rest.prefix(lengthBytes).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard rest.count > lengthBytes, let count = Int(exactly: length), rest.count - lengthBytes > count else {
            return nil
        }
        let value = rest.dropFirst(lengthBytes).prefix(count)
        rest = rest.dropFirst(lengthBytes + count + 1)
        return value
    }
}
