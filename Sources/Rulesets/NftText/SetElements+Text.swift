internal import Addressing

extension SetElements {
    /// The elements of a set with this definition, in nft's notation, with these notes or else its own.
    public func texts(of definition: SetDefinition, _ notes: ListingNotes? = nil) -> [String] {
        switch self {
        case .ranges32(let ranges): ranges.map(IPv4Address.text(of:))
        case .ranges128(let ranges): ranges.map(IPv6Address.text(of:))
        case .list(let elements): elements.map { $0.text(of: definition, notes) }
        }
    }
}

extension SetElements {
    /// The indices of interfaces in a set with this definition.
    public func interfaceIndices(of definition: SetDefinition) -> Set<UInt32> {
        guard case .list(let elements) = self, definition.holdsInterfaceIndices else { return [] }
        return Set(elements.flatMap { $0.interfaceIndices(of: definition) })
    }

    /// The expressions of the elements.
    public var expressions: [Expression] {
        guard case .list(let elements) = self else { return [] }
        return elements.flatMap(\.expressions)
    }
}

extension SetDefinition {
    /// Whether the keys are in host byte order, as nft notes in the user data: `NFTNL_UDATA_SET_KEYBYTEORDER` of
    /// `libnftnl/udata.h`, with `BYTEORDER_HOST_ENDIAN` of nft's `include/datatype.h`.
    fileprivate var hasKeysInHostOrder: Bool { userdata.starts(with: [0, 4] + UInt32(1).hostOrderBytes) }

    fileprivate var holdsInterfaceIndices: Bool {
        [keyType, dataType ?? keyType].contains { DataType.fields(of: $0)?.contains(.interfaceIndex) == true }
    }
}

extension DataType {
    /// The index of the interface in a value of this type; `nil` for other types.
    fileprivate func interfaceIndex(_ bytes: [UInt8]) -> UInt32? {
        self == .interfaceIndex && bytes.count == 4 ? UInt32(hostOrderBytes: bytes) : nil
    }
}

extension SetElement {
    private static let catchAll: UInt32 = 2
    private static let rangeEnd: UInt32 = 1

    /// The element of a set with this definition, in nft's notation, with these notes or else those of the set.
    public func text(of definition: SetDefinition, _ notes: ListingNotes? = nil) -> String {
        let notes = notes ?? definition.notes
        let names = notes?.interfaceNames ?? [:]
        var text = keyText(of: definition, names)
        if flags & Self.rangeEnd != 0 { text += " [end of a range]" }
        if let timeout { text += " timeout \(timeText(milliseconds: timeout))" }
        for expression in expressions { text += " " + RuleText.text(of: expression, notes) }
        if let comment = Userdata.comment(of: userdata) { text += " comment \(quoted(comment))" }
        switch value {
        case .verdict(let verdict)?: text += " : \(verdict)"
        case .bytes(let bytes)?: text += " : \(valueText(bytes, of: definition, names))"
        case nil: break
        }
        return text
    }

    private func keyText(of definition: SetDefinition, _ names: [UInt32: String]) -> String {
        if flags & Self.catchAll != 0 { return "*" }
        let fields = DataType.fields(of: definition.keyType) ?? [.integer]
        if fields == [.integer], key.count == 4, definition.hasKeysInHostOrder {
            return "\(UInt32(hostOrderBytes: key))"
        }
        guard let upper, upper != key else { return Self.text(key, fields, names) }
        return zip(Self.split(key, fields), Self.split(upper, fields)).map { lower, upper in
            Self.text(from: lower.1, to: upper.1, lower.0, names)
        }.joined(separator: " . ")
    }

    /// A range of values of a field, or one value.
    private static func text(
        from lower: [UInt8], to upper: [UInt8], _ field: DataType, _ names: [UInt32: String]
    ) -> String {
        let (first, last) = (text(lower, [field], names), text(upper, [field], names))
        if lower == upper { return first }
        switch field {
        case .ipv4Address where lower.count == 4 && lower.lexicographicallyPrecedes(upper):
            return IPv4Address.text(of: UInt32(bigEndianBytes: lower)...UInt32(bigEndianBytes: upper))
        case .ipv6Address where lower.count == 16 && lower.lexicographicallyPrecedes(upper):
            return IPv6Address.text(of: UInt128(bigEndianBytes: lower)...UInt128(bigEndianBytes: upper))
        default: return "\(first)-\(last)"
        }
    }

    private func valueText(_ bytes: [UInt8], of definition: SetDefinition, _ names: [UInt32: String]) -> String {
        Self.text(bytes, definition.dataType.flatMap(DataType.fields) ?? [.integer], names)
    }

    private static func text(_ key: [UInt8], _ fields: [DataType], _ names: [UInt32: String]) -> String {
        split(key, fields).map { field, bytes in
            field.interfaceIndex(bytes).flatMap { names[$0] }.map(quoted) ?? field.text(bytes)
        }.joined(separator: " . ")
    }

    /// The fields of a key, each padded to a multiple of 4 bytes in a concatenation.
    private static func split(_ key: [UInt8], _ fields: [DataType]) -> [(DataType, [UInt8])] {
        guard fields.count > 1 else { return [(fields[0], key)] }
        var rest = key[...]
        return fields.map { field in
            let bytes = Array(rest.prefix(field.length))
            rest = rest.dropFirst((field.length + 3) / 4 * 4)
            return (field, bytes)
        }
    }

    /// The indices of interfaces in the keys and values of a set with this definition.
    fileprivate func interfaceIndices(of definition: SetDefinition) -> [UInt32] {
        var parts: [([UInt8], UInt32?)] = [(key, definition.keyType), (upper ?? [], definition.keyType)]
        if case .bytes(let bytes)? = value { parts.append((bytes, definition.dataType)) }
        return parts.flatMap { bytes, type in
            let fields = type.flatMap(DataType.fields) ?? [.integer]
            return Self.split(bytes, fields).compactMap { $0.interfaceIndex($1) }
        }
    }
}

/// A time in nft's notation: `60s`, or `1500ms` if it is not in whole seconds.
func timeText(milliseconds: UInt64) -> String {
    milliseconds.isMultiple(of: 1000) ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
}
