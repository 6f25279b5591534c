internal import Printing

extension Rate {
    /// The rate in a scalar: `10/minute`; `nil` after an error.
    init?(decoding node: YamlNode, as what: String, _ log: DiagnosticLog) {
        guard let text = node.text(as: what, log) else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, DecimalNumber.isDigits(parts[0]) else {
            log.error(Self.fault(text), at: node.place, repair: Self.repair(parts))
            return nil
        }
        guard let unit = Unit(rawValue: String(parts[1])) else {
            let message = "unknown unit \(Printable.quoted(parts[1])); use second, minute, hour or day"
            log.error(message, at: node.place, repair: Self.repair(parts))
            return nil
        }
        guard let count = DecimalNumber.parse(parts[0], maximum: Int(UInt32.max)) else {
            let repair = "\(DecimalNumber.withoutLeadingZeros(parts[0]))/\(unit)"
            log.error("\(Printable.quoted(text)) has a leading zero", at: node.place, repair: repair)
            return nil
        }
        guard let count = UInt32(exactly: count), count > 0 else {
            let bound = count == 0 ? "is a rate of zero; the lowest is 1" : "is a rate above \(UInt32.max)"
            log.error("\(Printable.quoted(text)) \(bound)", at: node.place)
            return nil
        }
        self.init(count: count, unit: unit)
    }

    /// What is wrong with a text that is no number and unit.
    private static func fault(_ text: String) -> String {
        guard let count = DecimalNumber.parse(text[...], maximum: Int(UInt32.max)), count > 0 else {
            return "\(Printable.quoted(text)) is not a rate such as 10/minute"
        }
        let units = Unit.allCases.map { "\(count)/\($0.rawValue)" }
        return "\(Printable.quoted(text)) lacks a unit: write \(units.joined(conjunction: "or"))"
    }

    /// `10/min` as `10/minute`, `10 / minute` as `10/minute`.
    private static func repair(_ parts: [Substring]) -> String? {
        guard parts.count == 2 else { return nil }
        let digits = parts[0].filter { $0 != " " }
        let unit = parts[1].filter { $0 != " " }.lowercased()
        guard let count = DecimalNumber.parse(digits, maximum: Int(UInt32.max)), count > 0 else { return nil }
        let abbreviations = [
            "s": "second", "sec": "second", "m": "minute", "min": "minute", "mins": "minute", "h": "hour", "hr": "hour",
            "d": "day",
        ]
        let near = abbreviations[unit] ?? Spelling.nearest(to: unit, among: Unit.allCases.map(\.rawValue))
        return near.map { "\(count)/\($0)" }
    }
}

extension ConnectionLimit {
    /// The limit in a rate, or in a mapping of `rate` and `burst`; `nil` after an error.
    init?(decoding node: YamlNode, _ log: DiagnosticLog) {
        guard case .mapping = node.content else {
            guard let rate = Rate(decoding: node, as: "limit", log) else { return nil }
            self.init(rate: rate)
            return
        }
        guard let keyed = KeyedNode(node, as: "\"limit\"", keys: ["rate", "burst", "per"], log) else { return nil }
        guard let rateNode = keyed["rate"] else {
            if keyed.lacks("rate") { log.error("\"limit\" lacks \"rate\"", at: node.place) }
            return nil
        }
        guard let rate = Rate(decoding: rateNode, as: "rate", log) else { return nil }
        self.init(rate: rate)
        if let node = keyed["per"] {
            guard let word = node.word(as: "per", of: Scope.self, log) else { return nil }
            isShared = word == .all
        }
        guard let node = keyed["burst"] else { return }
        guard let count = Self.burst(node, for: rate, log) else { return nil }
        burst = count
    }

    /// The words of `per`.
    private enum Scope: String, CaseIterable {
        case source
        case all
    }

    private static func burst(_ node: YamlNode, for rate: Rate, _ log: DiagnosticLog) -> UInt32? {
        guard let text = node.text(as: "burst", log) else { return nil }
        // The kernel holds the time of a whole burst in nanoseconds, in 64 bits (`net/netfilter/nft_limit.c`).
        let nanoseconds = rate.unit.seconds * 1_000_000_000 / UInt64(rate.count)
        let most = Int(min(UInt64(UInt32.max), UInt64(Int64.max) / max(1, nanoseconds)))
        guard let count = DecimalNumber.parse(text, maximum: most), count > 0 else {
            log.error("\"burst\" must be a positive number, not \(Printable.quoted(text))", at: node.place)
            return nil
        }
        guard count <= most else {
            log.error("\"burst\" is above \(most), the kernel's limit for \(rate)", at: node.place)
            return nil
        }
        return UInt32(count)
    }
}
