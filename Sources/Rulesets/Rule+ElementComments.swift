public import Addressing

extension Rule {
    /// The comments of elements for a port, in the sets and maps that the rule looks up.
    ///
    /// A key has a port, and perhaps a protocol; its other fields, such as a source, may have any value.
    ///
    /// - Parameters:
    ///   - transport: the protocol.
    ///   - port: the port.
    ///   - table: the table of the rule.
    /// - Returns: the comments in the order of the elements; none of sets whose keys have no port.
    public func elementComments(for transport: TransportProtocol, _ port: UInt16, in table: Table) -> [String] {
        expressions.flatMap { expression -> [String] in
            guard case .lookup(let lookup) = expression else { return [] }
            let (definition, elements) =
                switch lookup.set {
                case .anonymous(let set): (Optional(set.definition), Optional(set.elements))
                case .named(let name): (table.set(name)?.definition, table.set(name)?.elements)
                }
            guard let definition, case .list(let list)? = elements,
                let fields = DataType.fields(of: definition.keyType), let place = offset(of: .port, in: fields)
            else { return [] }
            let kind = offset(of: .transportProtocol, in: fields)
            return list.filter { element in
                !element.userdata.isEmpty && element.isFor(port.bigEndianBytes, at: place)
                    && kind.map { element.isFor([transport.rawValue], at: $0) } ?? true
            }.compactMap { Userdata.comment(of: $0.userdata) }
        }
    }
}

/// The offset of the first field of a type in a key, whose fields are padded to multiples of 4 bytes; `nil` for none.
private func offset(of type: DataType, in fields: [DataType]) -> Int? {
    fields.firstIndex(of: type).map { fields[..<$0].reduce(0) { $0 + ($1.length + 3) / 4 * 4 } }
}

extension SetElement {
    /// Whether the field at an offset in its key has this value, or is a range with it.
    fileprivate func isFor(_ value: [UInt8], at offset: Int) -> Bool {
        let (places, last) = (offset..<(offset + value.count), upper ?? key)
        guard key.count >= places.upperBound, last.count >= places.upperBound else { return false }
        return !value.lexicographicallyPrecedes(key[places]) && !last[places].lexicographicallyPrecedes(value)
    }
}
