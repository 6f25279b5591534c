public import Addressing
internal import Compiler
public import System

/// A source that gets nothing for a time.
public struct BanRecord: Hashable {
    /// An address or a prefix.
    public let addresses: AddressRange
    /// The timeout sent to the kernel, in seconds: less than the ban's if it had to be sent again.
    var seconds: Int64
    /// When it ends, in seconds since 1970-01-01T00:00:00Z.
    public let end: Int64
    /// Its end in milliseconds since boot: this clock cannot be set.
    let deadline: Int64
    /// The reason.
    public let why: String
    /// The user who made it.
    public let author: Author
    /// The change that made it.
    public var change: Int

    /// The element that was sent to the kernel; `nil` if the addresses are no prefix.
    var source: BannedSource? { BannedSource(addresses, seconds: seconds) }
}

extension BanRecord {
    static let documentKind = "ban"

    /// The longest ban in seconds: ten years.
    static let longest: Int64 = 10 * 366 * 86400

    /// Decodes a ban; `nil` if a field is missing or invalid.
    init?(_ document: StateDocument) {
        guard let text = document.text("addresses"), let addresses = try? AddressRange(text),
            BannedSource(addresses, seconds: 1) != nil,
            let seconds = document.number("seconds", in: 1...Self.longest), let end = document.time("end"),
            let deadline = document.number("deadline", in: PendingChange.deadlines), let why = document.text("why"),
            let user = document.text("user"),
            let change = document.number("change", in: 0...ChangeLog.numbers.upperBound)
        else { return nil }
        let author = Author(user: user, login: document.text("login"), client: document.text("client"))
        self.init(
            addresses: addresses, seconds: seconds, end: end, deadline: deadline, why: why, author: author,
            change: change)
    }

    /// The encoded ban.
    var document: StateDocument {
        var document = StateDocument(kind: Self.documentKind)
        document.append("addresses", "\(addresses)")
        document.append("seconds", "\(seconds)")
        document.append("end", "\(end)")
        document.append("deadline", "\(deadline)")
        document.append("why", why)
        document.append("user", author.user)
        document.append("login", author.login)
        document.append("client", author.client)
        document.append("change", "\(change)")
        return document
    }
}
