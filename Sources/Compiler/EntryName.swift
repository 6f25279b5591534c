internal import Addressing
internal import Policies

/// The name of an entry of `allow` in the kernel: the service, a dot, and a digest of whom the entry is for.
///
/// The digest does not depend on the place in the list, so that a new entry leaves the objects of the others, and what
/// their limits remember, alone. No name of a service has a dot.
struct EntryNames {
    private let service: String
    private var taken: [UInt32: Int] = [:]

    init(of service: Service) { self.service = service.name }

    /// The name of the next entry; an entry for the same sources as an earlier one gets a number, too.
    mutating func next(_ entry: AllowEntry) -> String {
        let digest = entry.digest
        taken[digest, default: 0] += 1
        let hexadecimal = String(digest, radix: 16)
        let count = taken[digest] ?? 1
        let zeros = String(repeating: "0", count: 8 - hexadecimal.count)
        return "\(service).\(zeros)\(hexadecimal)" + (count > 1 ? ".\(count)" : "")
    }
}

extension AllowEntry {
    /// FNV-1a, 32 bits, of the sources, exceptions and interfaces as the policy writes them.
    fileprivate var digest: UInt32 {
        let lists = [sources.entries, except?.entries ?? [], interfaces.map(\.description)]
        let text = lists.map { $0.joined(separator: ",") }.joined(separator: ";")
        return text.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }
}
