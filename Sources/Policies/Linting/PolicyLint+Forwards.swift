internal import Addressing

extension PolicyLint {
    /// Checks where a forward leads.
    func checkForwarding(_ placed: PlacedService) {
        guard let forwarding = placed.service.forwarding else { return }
        let node = placed.entry.value
        if let place = node.value(of: "balance")?.place, forwarding.targets.count == 1 {
            log.warning("\"balance\" chooses among targets, and \(placed.service.title) has one", at: place)
        }
        guard let hairpin = forwarding.hairpin, let place = node.value(of: "hairpin")?.place else { return }
        for target in forwarding.targets {
            guard let address = target.address, !hairpin.addresses.contains(address) else { continue }
            log.warning(
                "\"hairpin\" lacks the target \(target): it names the network that targets and clients share", at: place
            )
        }
        let sources = placed.service.addresses
        guard placed.service.names.isEmpty, !sources.isEmpty, hairpin.addresses.intersection(sources).isEmpty else {
            return
        }
        log.warning("no source of \(placed.service.title) is in \"hairpin\"", at: place)
    }

    /// Checks an entry of `masquerade`.
    func check(_ placed: PlacedMasquerade) {
        let masquerade = placed.masquerade
        let name = "\"masquerade\" \(Printable.quoted(masquerade.name))"
        checkInterfaces(masquerade.interfaces, in: placed.entry.value)
        check(masquerade.reviewed, at: placed.entry.value.value(of: "reviewed"))
        if masquerade.why == nil { log.warning("\(name) has no \"why\"", at: placed.entry.place) }
        if masquerade.addresses.isEmpty, masquerade.sources.names.isEmpty,
            let place = placed.entry.value.value(of: "from")?.place
        {
            log.warning("\(name) changes nothing: its sources are empty", at: place)
        }
    }
}
