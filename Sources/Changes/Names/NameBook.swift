public import Addressing
public import Kernel
public import Policies
internal import System

/// When the addresses of DNS names were seen, and how the look-ups went.
///
/// The addresses that are in force are with the policy that was applied. This book adds the times; without it an address counts
/// as seen when its change was made.
public struct NameBook: Equatable {
    /// The notes about one name.
    public struct Entry: Equatable {
        /// When each address was last in an answer, in seconds since 1970-01-01T00:00:00Z.
        public var seen: [IPAddress: Int64] = [:]
        /// When all addresses were last renewed; `nil` for never.
        public var renewed: Int64?
        /// When the name was last looked up; `nil` for never.
        public var tried: Int64?
        /// Why that failed; `nil` if it did not.
        public var failure: String?

        /// Notes about a name that was never looked up.
        public init() {}
    }

    /// The notes by name.
    public var entries: [String: Entry] = [:]
    /// Whether the notes may not be read, so that nothing is known of any name.
    private(set) var isHidden = false

    private static let name = "names"
    private static let documentKind = "names"

    /// An empty book.
    public init() {}

    /// Reads the book; empty if there is none, or if it is not one.
    ///
    /// - Throws: the error of the reading: a new book must not replace one whose addresses are not known.
    init(_ files: StateFiles) throws(KernelError) {
        guard let bytes = try files.read(Self.name),
            let document = try? StateDocument(bytes, kind: Self.documentKind)
        else { return }
        var name = ""
        for field in document.fields {
            let text = String(decoding: field.bytes, as: UTF8.self)
            switch field.name {
            case "name":
                name = text
                entries[name] = Entry()
            case "renewed": entries[name]?.renewed = Int64(text)
            case "tried": entries[name]?.tried = Int64(text)
            case "failure": entries[name]?.failure = text
            case "seen": if let (address, time) = Self.sight(text) { entries[name]?.seen[address] = time }
            default: break
            }
        }
    }

    /// The address and the time in a field.
    private static func sight(_ text: String) -> (IPAddress, Int64)? {
        let words = text.split(separator: " ")
        guard words.count == 2, let range = try? AddressRange(String(words[0])), let address = IPAddress(range),
            let time = Int64(words[1]), time >= 0
        else { return nil }
        return (address, time)
    }

    /// The book of a state directory for a command that only reads; empty and hidden if it cannot be read.
    public init(existingAt location: StateLocation, on host: ChangeHost) {
        self.init()
        do throws(KernelError) {
            if let state = try RulesetState(existingAt: location, on: host) { self = try state.names }
        } catch { isHidden = true }
    }

    /// Saves the book.
    func store(in files: StateFiles) throws(KernelError) {
        var document = StateDocument(kind: Self.documentKind)
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            document.append("name", name)
            document.append("renewed", entry.renewed.map { "\($0)" })
            document.append("tried", entry.tried.map { "\($0)" })
            document.append("failure", entry.failure)
            for (address, time) in entry.seen.sorted(by: { $0.key < $1.key }) {
                document.append("seen", "\(address) \(time)")
            }
        }
        try files.write(Self.name, document)
    }
}

extension RulesetState {
    /// The notes about names.
    var names: NameBook { get throws(KernelError) { try NameBook(files) } }

    /// Saves the notes about these renewals, and forgets names that the policy does not have.
    public func note(_ renewals: [NameRenewal], of policy: Policy) throws {
        guard try !renewals.isEmpty || !names.entries.isEmpty else { return }
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        let old = try names
        var book = old
        for renewal in renewals { book.entries[renewal.source.name] = renewal.entry }
        let kept = Set(policy.names.map(\.name))
        book.entries = book.entries.filter { kept.contains($0.key) }
        if book != old { try book.store(in: files) }
    }
}
