import ArgumentParser

FakeModemCommand.main()
