/// Builds the values of one document from the events of the parser, without recursion.
struct YamlTree {
    /// The deepest nesting of lists and mappings.
    static let deepest = 64
    /// The largest number of values in one document: bounds the memory for a file of 64 MiB.
    static let most = 1_000_000

    /// A list or a mapping that is not closed yet.
    private struct Open {
        let place: SourceSpan
        let isMapping: Bool
        var items: [YamlNode] = []
        var entries: [YamlEntry] = []
        var key: (text: String, place: SourceSpan)?
    }

    /// The reason why an event is rejected.
    struct Refusal: Error {
        let message: String
    }

    private var open: [Open] = []
    private var count = 0
    /// The outermost value, once it is complete.
    private(set) var root: YamlNode?

    /// Starts a list or a mapping.
    mutating func start(isMapping: Bool, at place: SourceSpan) throws(Refusal) {
        if let last = open.last, last.isMapping, last.key == nil {
            throw Refusal(message: "a key must be a single value, not \(isMapping ? "a mapping" : "a list")")
        }
        guard open.count < Self.deepest else {
            throw Refusal(message: "lists and mappings nested over \(Self.deepest) levels deep")
        }
        open.append(Open(place: place, isMapping: isMapping))
    }

    /// Ends the innermost list or mapping.
    mutating func end() throws(Refusal) {
        guard let last = open.popLast() else { return }
        try add(YamlNode(content: last.isMapping ? .mapping(last.entries) : .sequence(last.items), place: last.place))
    }

    /// Adds a scalar: the next key of a mapping, or a value.
    mutating func add(scalar text: String, at place: SourceSpan) throws(Refusal) {
        if let last = open.last, last.isMapping, last.key == nil {
            open[open.count - 1].key = (text, place)
        } else {
            try add(YamlNode(content: .scalar(text), place: place))
        }
    }

    private mutating func add(_ node: YamlNode) throws(Refusal) {
        count += 1
        guard count <= Self.most else { throw Refusal(message: "more than \(Self.most) values in one file") }
        guard !open.isEmpty else {
            root = node
            return
        }
        let last = open.count - 1
        if let key = open[last].key {
            open[last].entries.append(YamlEntry(key: key.text, place: key.place, value: node))
            open[last].key = nil
        } else {
            open[last].items.append(node)
        }
    }
}
