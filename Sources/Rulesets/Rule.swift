/// A rule: expressions run from left to right until one does not match.
public struct Rule: Hashable, Sendable {
    /// The expressions.
    public var expressions: [Expression]
    /// The user data that nft keeps a comment in: at most 256 bytes.
    public var userdata: [UInt8]
    /// Attributes that are not modelled, as the kernel sent them.
    public var unrecognized: [UInt8]

    /// A rule of these expressions and user data.
    public init(_ expressions: [Expression], userdata: [UInt8] = [], unrecognized: [UInt8] = []) {
        self.expressions = expressions
        self.userdata = userdata
        self.unrecognized = unrecognized
    }

    /// A rule of these expressions with a comment.
    public init(_ expressions: [Expression], comment: String?) {
        self.init(expressions, userdata: comment.map(Userdata.comment) ?? [])
    }

    /// The comment, if the user data holds one.
    public var comment: String? { Userdata.comment(of: userdata) }
}

/// The type-length-value user data that nft keeps on objects, `libnftnl/udata.h`.
public enum Userdata {
    /// The longest comment in bytes: with its head and its NUL it takes 128.
    public static let maximumComment = 125
    /// The type of a comment on a table, chain, rule or element.
    private static let commentType: UInt8 = 0

    /// User data with one comment; `text` is at most `maximumComment` bytes.
    public static func comment(_ text: String) -> [UInt8] {
        precondition(text.utf8.count <= maximumComment, "a comment fits its length octet")
        return [commentType, UInt8(text.utf8.count + 1)] + Array(text.utf8) + [0]
    }

    /// The comment in `userdata`, if that is all it holds.
    public static func comment(of userdata: [UInt8]) -> String? {
        guard userdata.count > 2, userdata[0] == commentType, Int(userdata[1]) == userdata.count - 2,
            userdata.last == 0
        else { return nil }
        return String(validating: userdata[2..<(userdata.count - 1)], as: UTF8.self)
    }
}
