internal import Addressing

/// One entry of a list of sources.
enum SourceEntry {
    /// Every address of both families.
    case any
    /// An address, a prefix or a range.
    case range(AddressRange)
    /// A group of this name, which may be undefined.
    case group(String)

    /// Parses an entry; `nil` after an error.
    init?(_ text: String, at place: SourceSpan, _ log: DiagnosticLog) {
        if text == "any" {
            self = .any
        } else if Self.isGroupName(text) {
            self = .group(text)
        } else if AddressRange.isIntended(by: text), !text.contains(where: { ", ".contains($0) }) {
            do throws(AddressError) {
                self = .range(try AddressRange(text))
            } catch {
                log.error("\(Printable.quoted(text)) \(error.reason)", at: place, repair: error.repair)
                return nil
            }
        } else {
            let repair = ListText(text) { Self.isGroupName($0) || (try? AddressRange($0)) != nil }?.repair
            guard text != "*" else {
                log.error("\(Printable.quoted(text)) is neither an address nor a group name", at: place, repair: "any")
                return nil
            }
            let fault = repair == nil ? "is neither an address nor a group name" : "is several entries: write a list"
            log.error("\(Printable.quoted(text)) \(fault)", at: place, repair: repair)
            return nil
        }
    }

    /// Whether `text` has the form of a group name: `[A-Za-z_][A-Za-z0-9_.-]{0,62}`.
    static func isGroupName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 63 else { return false }
        return (isLetter(first) || first == UInt8(ascii: "_"))
            && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || "_.-".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
}
