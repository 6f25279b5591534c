internal import Addressing

/// An address or a prefix on the command line.
struct PrefixArgument {
    let addresses: AddressRange

    /// Parses an address or a prefix.
    init(_ text: String) throws(CommandError) {
        do throws(AddressError) { addresses = try AddressRange(text) } catch {
            let hint = error.repair.map { "; did you mean \"\($0)\"?" } ?? Self.example
            let fault = error.reason == .notAnAddress ? "\"\(text)\" is not an address or a prefix" : "\(error)"
            throw CommandError(.usage, "\(fault)\(hint)")
        }
        let isPrefix =
            switch addresses {
            case .ipv4(let range): range.prefixLength != nil
            case .ipv6(let range): range.prefixLength != nil
            }
        guard isPrefix else {
            throw CommandError(.usage, "\"\(text)\" is neither an address nor a prefix\(Self.example)")
        }
    }

    private static let example = "; write one such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48"
}
