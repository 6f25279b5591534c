internal import CNftnl
internal import Rulesets

extension OpaqueObject {
    /// Decodes the attributes of `NFT_MSG_NEWOBJ`; `nil` if the name is missing.
    init?(object attributes: Attributes) {
        guard let name = attributes.name(NFTA_OBJ_NAME), let type = attributes.u32(NFTA_OBJ_TYPE) else { return nil }
        var writer = AttributeWriter()
        writer.append(raw: attributes.without(Self.objectState).bytes)
        if let data = attributes.nest(NFTA_OBJ_DATA) {
            writer.nest(NFTA_OBJ_DATA) { $0.append(raw: data.withoutState(of: Self.expressionName(type)).bytes) }
        }
        self.init(kind: .statefulObject, name: name, type: type, attributes: writer.bytes)
    }

    /// Decodes the attributes of `NFT_MSG_NEWFLOWTABLE`; `nil` if the name is missing.
    init?(flowtable attributes: Attributes) {
        guard let name = attributes.name(NFTA_FLOWTABLE_NAME) else { return nil }
        self.init(
            kind: .flowtable, name: name, type: 0, attributes: attributes.without(Self.flowtableState).bytes)
    }

    /// The table's name, attributes that the kernel adds, and the data, which is stored without its state.
    private static let objectState: AttributeTypes = [
        NFTA_OBJ_TABLE, NFTA_OBJ_USE, NFTA_OBJ_HANDLE, NFTA_OBJ_PAD, NFTA_OBJ_DATA,
    ]

    /// The table's name and attributes that the kernel adds.
    private static let flowtableState: AttributeTypes = [
        NFTA_FLOWTABLE_TABLE, NFTA_FLOWTABLE_USE, NFTA_FLOWTABLE_HANDLE, NFTA_FLOWTABLE_PAD,
    ]

    /// The expression with the same state as an object of this type.
    private static func expressionName(_ type: UInt32) -> String {
        switch Int32(bitPattern: type) {
        case NFT_OBJECT_COUNTER: "counter"
        case NFT_OBJECT_QUOTA: "quota"
        case NFT_OBJECT_LIMIT: "limit"
        default: ""
        }
    }

    /// Encodes the attributes of a new object, without the table's name.
    func encode(into writer: inout AttributeWriter) { writer.append(raw: attributes) }

    /// Encodes the attributes that identify the object for deletion, without the table's name.
    func encodeIdentity(into writer: inout AttributeWriter) {
        switch kind {
        case .statefulObject:
            writer.name(NFTA_OBJ_NAME, name)
            writer.u32(NFTA_OBJ_TYPE, type)
        case .flowtable:
            writer.name(NFTA_FLOWTABLE_NAME, name)
        }
    }
}
