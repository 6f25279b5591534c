internal import Addressing

/// One address, as it is written on the command line.
struct AddressArgument {
    let address: AddressRange

    /// The address that a text spells.
    init(_ text: String) throws(CommandError) {
        do throws(AddressError) { address = try AddressRange(text) } catch { throw CommandError(.usage, "\(error)") }
        guard address.isSingle else { throw CommandError(.usage, "\"\(text)\" is not one address") }
    }
}
