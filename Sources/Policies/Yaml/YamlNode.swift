/// A value of a YAML document, with its place.
struct YamlNode {
    /// What a value can be.
    enum Content {
        /// Text as written; quotes and folding undone, never taken for a number, boolean or date.
        case scalar(String)
        /// Values in their order.
        case sequence([YamlNode])
        /// Keys and values in their order, duplicate keys included.
        case mapping([YamlEntry])
    }

    /// The value.
    let content: Content
    /// The place: of a scalar all of it, up to the end of its line; of the rest the first character.
    let place: Place

    /// What it is, in words.
    var kind: String {
        switch content {
        case .scalar(""): "nothing"
        case .scalar: "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// The text, when it is a scalar.
    var text: String? {
        guard case .scalar(let text) = content else { return nil }
        return text
    }

    /// The members of a list, or the value itself when it is no list.
    var items: [YamlNode] {
        guard case .sequence(let items) = content else { return [self] }
        return items
    }
}

/// A key of a mapping and its value.
struct YamlEntry {
    /// The key.
    let key: String
    /// Where the key stands.
    let place: Place
    /// The value.
    let value: YamlNode
}
