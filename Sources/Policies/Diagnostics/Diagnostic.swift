/// A message about a place in a policy or in a file that the policy names.
public struct Diagnostic: Hashable, Sendable {
    /// The severity of a diagnostic.
    public enum Severity: String, Hashable, Sendable {
        /// The policy is invalid.
        case error
        /// The policy is valid, but probably not as intended.
        case warning
        /// Additional information.
        case note
    }

    /// The severity.
    public var severity: Severity
    /// One sentence: lower case, the offending text in quotes, no full stop.
    public var message: String
    /// The location; `nil` for a message that is not about a place in a file.
    public var location: SourceLocation?
    /// The source line with the marked span; `nil` if there is no line to show.
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
    /// The text; `…` replaces text that was cut from either end.
    public var text: String
    /// The start of the marked span in `text`, in Unicode scalars from 0.
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
