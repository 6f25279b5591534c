public import Addressing
internal import Compiler
public import System

/// A source that is allowed to reach a service for a time.
public struct GrantRecord: Hashable {
    /// The name of the service.
    public var service: String
    /// One address.
    public var address: IPAddress
    /// The timeout sent to the kernel, in seconds: less than was granted if it had to be sent again.
    var seconds: Int64
    /// When it ends, in seconds since 1970-01-01T00:00:00Z.
    public var end: Int64
    /// Its end in milliseconds since boot: this clock cannot be set.
    var deadline: Int64
    /// The reason.
    public var why: String
    /// The user who granted it.
    public var author: Author
    /// The change that granted it.
    public var change: Int

    /// The element that was sent to the kernel.
    var source: GrantedSource { GrantedSource(service: service, address: address, seconds: seconds) }
}

extension GrantRecord {
    /// Decodes a grant; `nil` if a field is missing or invalid.
    init?(_ document: StateDocument) {
        guard let service = document.text("service"), let text = document.text("address"),
            let range = try? AddressRange(text), let address = IPAddress(range),
            let seconds = document.number("seconds", in: 1...Self.longest), let end = document.time("end"),
            let deadline = document.number("deadline", in: PendingChange.deadlines), let why = document.text("why"),
            let user = document.text("user"),
            let change = document.number("change", in: 0...ChangeLog.numbers.upperBound)
        else { return nil }
        let author = Author(user: user, login: document.text("login"), client: document.text("client"))
        self.init(
            service: service, address: address, seconds: seconds, end: end, deadline: deadline, why: why,
            author: author,
            change: change)
    }

    static let documentKind = "grant"

    /// The longest grant in seconds: more than `grant` takes.
    private static let longest: Int64 = 10 * 366 * 86400

    /// The encoded grant.
    var document: StateDocument {
        var document = StateDocument(kind: Self.documentKind)
        document.append("service", service)
        document.append("address", address.description)
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
