/// A value of a YAML document and its place.
struct YamlNode {
    /// The kinds of values.
    enum Content {
        /// Text with quotes and folding resolved; never converted to a number, a boolean or a date.
        case scalar(String)
        /// Values in order.
        case sequence([YamlNode])
        /// Keys and values in order, with duplicate keys.
        case mapping([YamlEntry])
    }

    /// The value.
    let content: Content
    /// The place: the whole scalar up to the end of its line; the first character of a list or a mapping.
    let place: SourceSpan

    /// The kind, as messages name it.
    var kind: String {
        switch content {
        case .scalar(""): "nothing"
        case .scalar: "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// The text of a scalar; `nil` for a list or a mapping.
    var text: String? {
        guard case .scalar(let text) = content else { return nil }
        return text
    }

    /// The members of a list, or the value itself if it is not a list.
    var items: [YamlNode] {
        guard case .sequence(let items) = content else { return [self] }
        return items
    }
}

/// A key of a mapping and its value.
struct YamlEntry {
    /// The key.
    let key: String
    /// The place of the key.
    let place: SourceSpan
    /// The value.
    let value: YamlNode
}
