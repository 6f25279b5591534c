/// Something to say about a place in a policy or in a file that it names.
public struct Diagnostic: Hashable, Sendable {
    /// How bad it is.
    public enum Severity: String, Hashable, Sendable {
        /// The policy is refused.
        case error
        /// The policy is taken, and probably not what was meant.
        case warning
        /// It is worth knowing.
        case note
    }

    /// How bad it is.
    public var severity: Severity
    /// One sentence: lower case, the offending text in quotes, no full stop.
    public var message: String
    /// Where it is; `nil` when it is in no file.
    public var location: SourceLocation?
    /// The line, with the span that is meant; `nil` when there is none to show.
    public var excerpt: Excerpt?

    /// A diagnostic of these parts.
    public init(severity: Severity, message: String, location: SourceLocation?, excerpt: Excerpt? = nil) {
        self.severity = severity
        self.message = message
        self.location = location
        self.excerpt = excerpt
    }
}

/// A source line, or the part of a long one around a marked span.
public struct Excerpt: Hashable, Sendable {
    /// The text; `…` stands for what was cut from either end.
    public var text: String
    /// Where the marked span starts in `text`: Unicode scalars before it.
    public var offset: Int
    /// The length of the marked span in Unicode scalars: at least 1.
    public var length: Int

    /// An excerpt of these parts.
    public init(text: String, offset: Int, length: Int) {
        self.text = text
        self.offset = offset
        self.length = length
    }
}
