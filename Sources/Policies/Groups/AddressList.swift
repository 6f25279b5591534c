internal import Addressing

/// The addresses of a list file, as lists are published: one address, prefix or range a line.
///
/// `#` and `;` start a comment. Other text after an entry is ignored where it cannot be a part of the entry, such as the name
/// of a network.
struct AddressList {
    /// All addresses.
    let addresses: AddressSet
    /// The number of entries, some of which may be equal or overlap.
    let count: Int
    /// The widths that entries should not exceed, and whether one does.
    private let widest: PrefixLengths
    private let isWide: Bool

    /// Reads a list; reports each invalid line.
    init(_ file: SourceFile, widest: PrefixLengths = .usual, _ log: DiagnosticLog) {
        var builder = AddressSetBuilder()
        let bytes = file.bytes
        var lineStart = 0
        while lineStart < bytes.count {
            // The fast path: most lines are just an IPv4 address or prefix.
            lineStart = builder.addPlainLines(of: bytes, from: lineStart)
            guard lineStart < bytes.count else { break }
            let line = ListLine(at: lineStart, in: bytes.span)
            lineStart = line.end + 1
            guard !line.text.isEmpty else { continue }
            do throws(AddressError) {
                builder.add(try line.range(in: bytes))
            } catch {
                let message = "\(Printable.quoted(error.text)) \(error.reason)"
                log.error(message, at: file.place(ofBytes: line.text), repair: error.repair)
            }
        }
        count = builder.count
        self.widest = widest
        isWide = builder.isWider(than: widest)
        addresses = builder.build()
    }

    /// The first entry that is wider than it should be, and its place; `nil` for none.
    func wideEntry(in file: SourceFile) -> (AddressRange, SourceSpan)? {
        guard isWide else { return nil }
        let bytes = file.bytes
        var lineStart = 0
        while lineStart < bytes.count {
            let line = ListLine(at: lineStart, in: bytes.span)
            lineStart = line.end + 1
            guard !line.text.isEmpty, let range = try? line.range(in: bytes), widest.isExceeded(by: range) else {
                continue
            }
            return (range, file.place(ofBytes: line.entry))
        }
        return nil
    }
}
