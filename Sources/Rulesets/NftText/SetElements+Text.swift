internal import Addressing

extension SetElements {
    /// The elements of a set with this definition, in nft's notation; indices of interfaces have these names.
    public func texts(of definition: SetDefinition, interfaceNames: [UInt32: String] = [:]) -> [String] {
        switch self {
        case .ranges32(let ranges): ranges.map(IPv4Address.text(of:))
        case .ranges128(let ranges): ranges.map(IPv6Address.text(of:))
        case .list(let elements): elements.map { $0.text(of: definition, interfaceNames: interfaceNames) }
        }
    }
}

extension SetElement {
    private static let catchAll: UInt32 = 2
    private static let rangeEnd: UInt32 = 1

    /// The element of a set with this definition, in nft's notation; indices of interfaces have these names.
    public func text(of definition: SetDefinition, interfaceNames: [UInt32: String] = [:]) -> String {
        let name = DataType(rawValue: definition.keyType) == .interfaceIndex ? interfaceName(interfaceNames) : nil
        var text = name.map(quoted) ?? keyText(of: definition)
        if flags & Self.rangeEnd != 0 { text += " [end of a range]" }
        if let timeout { text += " timeout \(timeText(milliseconds: timeout))" }
        for expression in expressions { text += " " + RuleText.text(of: Rule([expression])) }
        if let comment = Userdata.comment(of: userdata) { text += " comment \(quoted(comment))" }
        switch value {
        case .verdict(let verdict)?: text += " : \(verdict)"
        case .bytes(let bytes)?: text += " : \(valueText(bytes, of: definition))"
        case nil: break
        }
        return text
    }

    private func interfaceName(_ names: [UInt32: String]) -> String? {
        key.count == 4 && upper == nil ? names[UInt32(hostOrderBytes: key)] : nil
    }

    private func keyText(of definition: SetDefinition) -> String {
        if flags & Self.catchAll != 0 { return "*" }
        let fields = DataType.fields(of: definition.keyType) ?? [.integer]
        guard let upper, upper != key else { return Self.text(key, fields) }
        if fields == [.ipv4Address], key.count == 4 {
            return IPv4Address.text(of: UInt32(bigEndianBytes: key)...UInt32(bigEndianBytes: upper))
        }
        if fields == [.ipv6Address], key.count == 16 {
            return IPv6Address.text(of: UInt128(bigEndianBytes: key)...UInt128(bigEndianBytes: upper))
        }
        return "\(Self.text(key, fields))-\(Self.text(upper, fields))"
    }

    private func valueText(_ bytes: [UInt8], of definition: SetDefinition) -> String {
        Self.text(bytes, definition.dataType.flatMap(DataType.fields) ?? [.integer])
    }

    /// The fields of a key, each padded to a multiple of 4 bytes in a concatenation.
    private static func text(_ key: [UInt8], _ fields: [DataType]) -> String {
        guard fields.count > 1 else { return fields[0].text(key) }
        var rest = key[...]
        return fields.map { field in
            let bytes = Array(rest.prefix(field.length))
            rest = rest.dropFirst((field.length + 3) / 4 * 4)
            return field.text(bytes)
        }.joined(separator: " . ")
    }
}

/// A time in nft's notation: `60s`, or `1500ms` if it is not in whole seconds.
func timeText(milliseconds: UInt64) -> String {
    milliseconds.isMultiple(of: 1000) ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
}
