/// A rule: expressions, which run in order until one does not match.
public struct Rule: Hashable, Sendable {
    /// The expressions.
    public var expressions: [Expression]
    /// The user data, which may hold a comment of nft: at most 256 bytes.
    public var userdata: [UInt8]
    /// The netlink attributes that are not modelled, as the kernel sent them.
    public var unrecognized: [UInt8]
    /// Notes for printing the rule; they take no part in equality.
    public var notes: ListingNotes? {
        get { incidentalNotes.value }
        set { incidentalNotes.value = newValue }
    }
    private var incidentalNotes = Incidental<ListingNotes?>(nil)

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

    /// The comment; `nil` if the user data has none.
    public var comment: String? { Userdata.comment(of: userdata) }
}

/// The user data of nft on objects, in type-length-value form, `libnftnl/udata.h`.
public enum Userdata {
    /// The longest comment in bytes: with the two bytes of its header and its NUL it takes 128.
    public static let maximumComment = 125
    /// The type of a comment on a table, chain, rule or element.
    private static let commentType: UInt8 = 0

    /// User data with one comment; `text` must not exceed `maximumComment` bytes.
    public static func comment(_ text: String) -> [UInt8] {
        precondition(text.utf8.count <= maximumComment, "a comment fits its length byte")
        return [commentType, UInt8(text.utf8.count + 1)] + Array(text.utf8) + [0]
    }

    /// The comment in `userdata`; `nil` if it holds anything but one comment.
    public static func comment(of userdata: [UInt8]) -> String? {
        guard userdata.count > 2, userdata[0] == commentType, Int(userdata[1]) == userdata.count - 2,
            userdata.last == 0
        else { return nil }
        return String(validating: userdata[2..<(userdata.count - 1)], as: UTF8.self)
    }

    /// The comment among the user data of a set; `nil` if there is none.
    public static func setComment(of userdata: [UInt8]) -> String? {
        let setCommentType: UInt8 = 7  // NFTNL_UDATA_SET_COMMENT
        var rest = userdata[...]
        while rest.count > 2 {
            let (type, length) = (rest[rest.startIndex], Int(rest[rest.startIndex + 1]))
            let value = rest.dropFirst(2).prefix(length)
            if type == setCommentType, value.last == 0 { return String(validating: value.dropLast(), as: UTF8.self) }
            rest = rest.dropFirst(2 + length)
        }
        return nil
    }
}
