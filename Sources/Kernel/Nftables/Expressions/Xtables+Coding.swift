internal import CNftnl
internal import Rulesets

extension XtablesExtension {
    /// The kernel's name of the expression.
    var kernelName: String { kind.rawValue }

    /// Decodes the attributes of an expression; `nil` for names other than `match` and `target`.
    init?(name: String, from attributes: Attributes) {
        switch Kind(rawValue: name) {
        case .match?:
            self.init(.match, attributes, name: NFTA_MATCH_NAME, revision: NFTA_MATCH_REV, info: NFTA_MATCH_INFO)
        case .target?:
            self.init(.target, attributes, name: NFTA_TARGET_NAME, revision: NFTA_TARGET_REV, info: NFTA_TARGET_INFO)
        case nil: return nil
        }
    }

    private init?<Key: RawRepresentable<UInt32>>(
        _ kind: Kind, _ attributes: Attributes, name: Key, revision: Key, info: Key
    ) {
        guard let text = attributes.string(name), let number = attributes.u32(revision), let bytes = attributes[info]
        else { return nil }
        self.init(kind, name: text, revision: number, info: Array(bytes))
    }

    func encode(into attributes: inout AttributeWriter) {
        switch kind {
        case .match:
            attributes.string(NFTA_MATCH_NAME, name)
            attributes.u32(NFTA_MATCH_REV, revision)
            attributes.bytes(NFTA_MATCH_INFO, info)
        case .target:
            attributes.string(NFTA_TARGET_NAME, name)
            attributes.u32(NFTA_TARGET_REV, revision)
            attributes.bytes(NFTA_TARGET_INFO, info)
        }
    }
}
