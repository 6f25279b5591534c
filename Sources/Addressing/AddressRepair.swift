/// Guesses the address that an invalid text was meant to be.
enum AddressRepair {
    /// The likely intended text, which parses; `nil` if there is no good guess.
    static func repair(of text: String, for reason: AddressError.Reason) -> String? {
        guard text.utf8.count <= 100, let guess = guess(of: text, for: reason), isAddress(guess) else { return nil }
        return guess
    }

    private static func guess(of text: String, for reason: AddressError.Reason) -> String? {
        switch reason {
        case .leadingZero, .prefixLengthLeadingZero: withoutLeadingZeros(text)
        case .numberCount: completed(text)
        case .scoped: withoutZone(text)
        case .mapped: unmapped(text)
        case .bracketed: text.filter { $0 != "[" && $0 != "]" }
        case .netmask: withPrefixLength(text)
        case .hostBits: masked(text)
        case .prefixLengthMissing: String(text.dropLast())
        case .reversed: swapped(text)
        case .portAppended: halves(of: text, at: ":")?.0
        case .unexpectedCharacter: text.filter { $0 != " " }
        default: nil
        }
    }

    private static func isAddress(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        do throws(AddressError.Reason) {
            _ = try AddressScanner.scanRange(bytes.span, 0..<bytes.count)
            return true
        } catch {
            return false
        }
    }

    /// `010.0.0.1/08` as `10.0.0.1/8`: octal is hardly ever intended.
    private static func withoutLeadingZeros(_ text: String) -> String {
        var result = ""
        var previous: Character = "."
        let characters = Array(text)
        for (index, character) in characters.enumerated() {
            let isFollowedByDigit = index + 1 < characters.count && characters[index + 1].isNumber
            if character == "0", !previous.isNumber, isFollowedByDigit { continue }
            result.append(character)
            previous = character
        }
        return result
    }

    /// `10.1/16` as `10.1.0.0/16`, and `10.0.0.1-9` as `10.0.0.1-10.0.0.9`.
    private static func completed(_ text: String) -> String? {
        if let (address, length) = halves(of: text, at: "/") {
            let numbers = address.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            guard numbers.count < 4 else { return nil }
            return (numbers + Array(repeating: "0", count: 4 - numbers.count)).joined(separator: ".") + "/" + length
        }
        guard let (first, last) = halves(of: text, at: "-"), !last.contains(".") else { return nil }
        let numbers = first.split(separator: ".").map(String.init)
        return numbers.count == 4 ? first + "-" + (numbers.dropLast() + [last]).joined(separator: ".") : nil
    }

    /// `fe80::1%eth0/64` as `fe80::1/64`.
    private static func withoutZone(_ text: String) -> String? {
        guard let (address, rest) = halves(of: text, at: "%") else { return nil }
        guard let slash = rest.firstIndex(of: "/") else { return address }
        return address + rest[slash...]
    }

    /// `::ffff:192.0.2.1` as `192.0.2.1`, `::ffff:192.0.2.0/120` as `192.0.2.0/24`, and ranges alike.
    private static func unmapped(_ text: String) -> String? {
        if let (first, last) = halves(of: text, at: "-") {
            guard let first = embedded(in: first), let last = embedded(in: last) else { return nil }
            return "\(first)-\(last)"
        }
        guard let (address, length) = halves(of: text, at: "/") else { return embedded(in: text)?.description }
        guard let address = embedded(in: address), let length = Int(length), length >= 96 else { return nil }
        return IPv4Address.text(of: ClosedRange(prefixOf: address.value, length: length - 96))
    }

    /// The IPv4 address in an IPv4-mapped IPv6 address.
    private static func embedded(in text: String) -> IPv4Address? {
        let bytes = Array(text.utf8)
        guard text.contains(":"), let value = try? AddressScanner.scanIPv6(bytes.span, 0..<bytes.count),
            AddressScanner.isMapped(value)
        else { return nil }
        return IPv4Address(value: UInt32(truncatingIfNeeded: value))
    }

    /// `10.0.0.0/255.0.0.0` as `10.0.0.0/8`.
    private static func withPrefixLength(_ text: String) -> String? {
        guard let (address, mask) = halves(of: text, at: "/"), let mask = try? IPv4Address(mask).value,
            mask.leadingZeroBitCount == 0 || mask == 0, (~mask & (~mask &+ 1)) == 0
        else { return nil }
        return masked(address + "/\((~mask).leadingZeroBitCount)")
    }

    /// `10.0.0.1/8` as `10.0.0.0/8`.
    private static func masked(_ text: String) -> String? {
        guard let (address, length) = halves(of: text, at: "/"), let length = Int(length) else { return nil }
        switch try? AddressRange(address) {
        case .ipv4(let range)? where length <= 32:
            return IPv4Address.text(of: ClosedRange(prefixOf: range.lowerBound, length: length))
        case .ipv6(let range)? where length <= 128:
            return IPv6Address.text(of: ClosedRange(prefixOf: range.lowerBound, length: length))
        default: return nil
        }
    }

    /// `192.0.2.9-192.0.2.1` as `192.0.2.1-192.0.2.9`.
    private static func swapped(_ text: String) -> String? {
        guard let (first, last) = halves(of: text, at: "-") else { return nil }
        return "\(last)-\(first)"
    }

    private static func halves(of text: String, at separator: Character) -> (String, String)? {
        guard let index = text.firstIndex(of: separator) else { return nil }
        return (String(text[..<index]), String(text[text.index(after: index)...]))
    }
}
