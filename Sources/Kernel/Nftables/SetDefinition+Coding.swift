internal import CNftnl
internal import Rulesets

/// Attributes of a set that kernels report from 6.16 on, and that the headers of Debian 12 lack.
enum LaterSetAttribute: UInt32 {
    /// The type of set that the kernel chose.
    case type = 19
    /// The number of elements.
    case count = 20
}

extension Attributes {
    /// The number of elements in `NFT_MSG_NEWSET`, as `SetDefinition.reportedCount(of:)` computes it; kernel 6.16 or
    /// later.
    var elementCount: UInt32? { u32(LaterSetAttribute.count) }
}

extension SetDefinition {
    /// Decodes the attributes of `NFT_MSG_NEWSET`; `nil` if the key is missing, or is longer or shorter than a key can be.
    init?(from attributes: Attributes) {
        guard let keyLength = attributes.u32(NFTA_SET_KEY_LEN), keyLength <= UInt32(NFT_DATA_VALUE_MAXLEN) else {
            return nil
        }
        let description = attributes.nest(NFTA_SET_DESC)
        let fields = description?.nest(NFTA_SET_DESC_CONCAT)?.fieldLengths ?? []
        // Each field takes whole registers of 4 bytes.
        guard fields.reduce(UInt64(0), { $0 + (UInt64($1) + 3) / 4 * 4 }) <= keyLength else { return nil }
        self.init(
            keyType: attributes.u32(NFTA_SET_KEY_TYPE) ?? 0, keyLength: keyLength,
            flags: Flags(rawValue: attributes.u32(NFTA_SET_FLAGS) ?? 0),
            dataType: attributes.u32(NFTA_SET_DATA_TYPE), dataLength: attributes.u32(NFTA_SET_DATA_LEN),
            size: description?.u32(NFTA_SET_DESC_SIZE), timeout: attributes.u64(NFTA_SET_TIMEOUT),
            gcInterval: attributes.u32(NFTA_SET_GC_INTERVAL), policy: attributes.u32(NFTA_SET_POLICY),
            fieldLengths: fields,
            expressions: attributes.setExpressions, userdata: Array(attributes[NFTA_SET_USERDATA] ?? []))
        let leadsToVerdicts = dataType == Self.verdictType
        // The kernel reports the length of its own structure and accepts any length.
        if leadsToVerdicts { dataLength = 0 }
        var writer = AttributeWriter()
        encode(into: &writer)
        guard let encoded = Attributes(writer.written) else { return }
        // The kernel sends a description even if it is empty.
        let said = attributes.without(Self.readApart)
            .keeping { $0.type != NFTA_SET_DESC.rawValue || !$0.payload.isEmpty }
            .keeping { $0.type != NFTA_SET_DATA_LEN.rawValue || !leadsToVerdicts }
        unrecognized = said.unexplained(by: encoded).bytes
    }

    /// Attributes that the kernel adds, and attributes that are decoded separately since their bytes may differ.
    private static let readApart: AttributeTypes = [
        NFTA_SET_TABLE, NFTA_SET_NAME, NFTA_SET_ID, NFTA_SET_PAD, NFTA_SET_HANDLE, NFTA_SET_EXPR,
        NFTA_SET_EXPRESSIONS, LaterSetAttribute.type, LaterSetAttribute.count,
    ]

    /// Encodes all attributes but the names of table and set and the number in the batch.
    func encode(into attributes: inout AttributeWriter) {
        if !flags.isEmpty { attributes.u32(NFTA_SET_FLAGS, flags.rawValue) }
        attributes.u32(NFTA_SET_KEY_TYPE, keyType)
        attributes.u32(NFTA_SET_KEY_LEN, keyLength)
        if let dataType { attributes.u32(NFTA_SET_DATA_TYPE, dataType) }
        if let dataLength { attributes.u32(NFTA_SET_DATA_LEN, dataLength) }
        if let policy { attributes.u32(NFTA_SET_POLICY, policy) }
        if let timeout { attributes.u64(NFTA_SET_TIMEOUT, timeout) }
        if let gcInterval { attributes.u32(NFTA_SET_GC_INTERVAL, gcInterval) }
        encodeDescription(into: &attributes)
        encodeExpressions(into: &attributes)
        if !userdata.isEmpty { attributes.bytes(NFTA_SET_USERDATA, userdata) }
        attributes.append(raw: unrecognized)
    }

    private func encodeDescription(into attributes: inout AttributeWriter) {
        guard size != nil || !fieldLengths.isEmpty else { return }
        attributes.nest(NFTA_SET_DESC) { description in
            if let size { description.u32(NFTA_SET_DESC_SIZE, size) }
            guard !fieldLengths.isEmpty else { return }
            description.nest(NFTA_SET_DESC_CONCAT) { fields in
                for length in fieldLengths {
                    fields.nest(NFTA_LIST_ELEM) { $0.u32(NFTA_SET_FIELD_LEN, length) }
                }
            }
        }
    }

    private func encodeExpressions(into attributes: inout AttributeWriter) {
        var references = SetReferences()
        if expressions.count > 1 {
            attributes.expressions(NFTA_SET_EXPRESSIONS, expressions, &references)
        } else if let expression = expressions.first {
            attributes.expression(NFTA_SET_EXPR, expression, &references)
        }
    }

    /// Whether the elements are starts and ends in a tree, not keys with an upper key.
    var usesTree: Bool { flags.contains(.interval) && !flags.contains(.concatenated) }
}

extension Attributes {
    /// The lengths of the fields of a concatenation, in bytes.
    fileprivate var fieldLengths: [UInt32]? {
        let lengths = map { Attributes($0.payload)?.u32(NFTA_SET_FIELD_LEN) }
        return lengths.contains(nil) ? nil : lengths.compactMap(\.self)
    }

    /// The expressions of each new element.
    fileprivate var setExpressions: [Expression] {
        if let several = expressions(NFTA_SET_EXPRESSIONS) { return several }
        return self[NFTA_SET_EXPR].flatMap { Attributes.expression($0) }.map { [$0] } ?? []
    }
}
