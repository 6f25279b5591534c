/// Parses the whole numbers of a policy: decimal digits, no sign, no leading zero.
enum DecimalNumber {
    /// The number in `text`, `maximum + 1` for any number above `maximum`; `nil` if `text` is not a number.
    ///
    /// `maximum` must be below `Int.max / 10`.
    static func parse(_ text: some StringProtocol, maximum: Int) -> Int? {
        guard !text.isEmpty, text.utf8.first != UInt8(ascii: "0") || text.utf8.count == 1 else { return nil }
        var number = 0
        for byte in text.utf8 {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
            number = min(number * 10 + Int(byte - UInt8(ascii: "0")), maximum + 1)
        }
        return number
    }

    /// Whether `text` is one or more decimal digits and nothing more.
    static func isDigits(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    }

    /// The decimal digits `text` without leading zeros.
    static func withoutLeadingZeros(_ text: some StringProtocol) -> String {
        let rest = text.drop { $0 == "0" }
        return rest.isEmpty ? "0" : String(rest)
    }
}
