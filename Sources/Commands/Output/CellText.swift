internal import Addressing
internal import System

/// The text of a cell, which is broken into lines between words, and in a long word after a hyphen or a dot.
extension String {
    /// The most lines of a cell.
    private static let mostLines = 3

    /// The width of the longest address or endpoint in the text; 0 without one.
    var longestAddress: Int { words.filter(\.isPlace).map { TextWidth.columns(of: $0) }.max() ?? 0 }

    /// The width of the longest part that stays whole, but for addresses that are longer than `longest`.
    func leastWidth(withAddressesTo longest: Int) -> Int {
        let widths = words.map { word in
            let width = word.leastWidth
            return word.isPlace && width > longest ? 0 : width
        }
        return widths.max() ?? 0
    }

    /// The text in lines; of a list that is longer, the last line counts the rest.
    func broken(to width: Int) -> [String] {
        guard TextWidth.columns(of: self) > width else { return [self] }
        var lines: [String] = []
        for word in words {
            let longer = lines.last.map { $0 + " " + word }
            if let longer, TextWidth.columns(of: longer) <= width {
                lines[lines.count - 1] = longer
                continue
            }
            var rest = word
            while TextWidth.columns(of: rest) > width, let part = rest.beginning(width) {
                lines.append(String(part))
                rest = rest.dropFirst(part.count)
            }
            lines.append(String(rest))
        }
        // A line that counts the rest is no shorter than one more entry.
        guard lines.count > Self.mostLines + 1 else { return lines }
        // What follows a comma or a semicolon at the end of a line is a whole entry.
        let shown = lines.prefix(Self.mostLines).lastIndex { $0.last.map(Self.separators.contains) ?? false }
        guard let shown else { return lines }
        let rest = lines[(shown + 1)...].joined(separator: " ").count(where: Self.separators.contains) + 1
        return lines[...shown] + ["and \(rest) more"]
    }

    private static let separators: Set<Character> = [",", ";"]

    /// The words; as one word a short remark in brackets, `(pid 812)`, and a port with a number behind it, `tcp/80-81 (2)`.
    private var words: [Substring] {
        var words: [Substring] = []
        for word in split(separator: " ") {
            if let last = words.last, last.isPort && word.isRemark || last.isOpenRemark && !word.isLong(behind: last) {
                words[words.count - 1] = self[last.startIndex..<word.endIndex]
            } else {
                words.append(word)
            }
        }
        return words
    }
}

extension Substring {
    /// Words up to this width stay whole: names of processes and users, words of a sentence.
    private static let wholeWord = 14
    /// The ends of the parts of a long name.
    private static let joints: Set<Character> = ["-", ".", "@", "_"]

    /// Whether the word is an address, a prefix, a range or an endpoint, whose beginning would be another one.
    fileprivate var isPlace: Bool {
        contains(where: \.isNumber) && contains { $0 == "." || $0 == ":" } && (isAddress || isEndpoint)
    }

    /// Whether it is a number in brackets.
    fileprivate var isRemark: Bool { first == "(" && last == ")" && dropFirst().dropLast().allSatisfy(\.isNumber) }

    /// Whether it begins a remark in brackets that other words end.
    fileprivate var isOpenRemark: Bool { first == "(" && !contains(")") }

    /// Whether it makes one word with the word before it that is too long.
    fileprivate func isLong(behind word: Substring) -> Bool { word.count + 1 + count > Self.wholeWord }

    /// Whether it is `tcp/22` or a range of ports.
    fileprivate var isPort: Bool {
        guard let digit = firstIndex(where: \.isNumber), let slash = firstIndex(of: "/") else { return false }
        return index(after: slash) == digit
    }

    /// Whether the word is never broken.
    private var isWhole: Bool { TextWidth.columns(of: self) <= Self.wholeWord || isPort || isPlace || isMailbox }

    /// Whether it is a mail address, not a unit such as `sshd@7.service`.
    private var isMailbox: Bool {
        let parts = bare.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, let dot = parts[1].lastIndex(of: "."), dot > parts[1].startIndex
        else { return false }
        return !Self.units.contains(String(parts[1][parts[1].index(after: dot)...]))
    }

    /// The ends of the names of systemd's units that may have an instance.
    private static let units: Set<String> = ["service", "socket", "timer", "target", "path", "mount", "scope", "slice"]

    private var isAddress: Bool { (try? AddressRange(String(bare))) != nil }

    /// Whether it is `192.0.2.7:22` or `[2001:db8::7]:22`.
    private var isEndpoint: Bool {
        guard let colon = bare.lastIndex(of: ":"), UInt16(bare[bare.index(after: colon)...]) != nil else {
            return false
        }
        let host = bare[..<colon]
        let address = host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host
        return address.isAddress
    }

    /// The word without the punctuation of a list around it.
    private var bare: Substring {
        let start = drop { $0 == "(" }
        return start.prefix { !",;)".contains($0) }
    }

    /// The width of a word that stays whole, or of the longest part of another one.
    fileprivate var leastWidth: Int {
        let width = TextWidth.columns(of: self)
        guard !isWhole else { return width }
        let parts = split(omittingEmptySubsequences: true) { Self.joints.contains($0) }
        return parts.map { TextWidth.columns(of: $0) + 1 }.max() ?? width
    }

    /// The longest beginning that fits and ends with a hyphen or a dot; `nil` if none does, or if the word stays whole.
    fileprivate func beginning(_ width: Int) -> Substring? {
        guard !isWhole else { return nil }
        var fitting = self
        while fitting.count > 1, TextWidth.columns(of: fitting) > width { fitting.removeLast() }
        guard let end = fitting.lastIndex(where: Self.joints.contains) else { return nil }
        return fitting[...end]
    }
}
