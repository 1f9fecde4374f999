import ArgumentParser

Modemail.main()
