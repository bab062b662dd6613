"""Common French first names, surnames and cities: public, for telling columns apart only."""

from __future__ import annotations

_FIRST_NAMES = """
    adam adele adrien agathe agnes ahmed aicha alain albert alexandre alexis ali alice
    amandine ambre amina anais andre andree anna anne annie anthony antoine apolline armand
    arnaud arthur audrey auguste augustin aurelie baptiste bastien beatrice benjamin
    bernadette bernard brigitte bruno camille capucine caroline catherine cecile cedric celine
    chantal charles charlotte chloe christian christine christophe claire clara claude clement
    colette constance coralie corentin corinne damien daniel danielle david delphine denise
    didier dominique dylan edith edmond edouard elena eliane elisabeth elodie eloise elsa
    emile emilie emma emmanuel emmanuelle enzo eric ernest estelle ethan etienne eugene eva
    evelyne fabien fabienne fabrice fatima felix fernand florence florian franck francois
    francoise frederic gabriel gabrielle gael gaelle gaspard genevieve georges gerard germaine
    ghislaine gilbert gilles ginette gregory guillaume helene henri herve hugo huguette
    ibrahim ines isabelle jacqueline jacques jade jean jeanne jennifer jeremy jerome jessica
    jocelyne joel joelle jordan joseph josette josiane jules julie julien juliette justine
    karim karine kevin laetitia laura laurence laurent lea leo leon liliane lilou lina lionel
    lise loic lola lou louis louise lucas lucie lucien lucienne ludovic lydie madeleine maelle
    maelys maeva magali manon marc marcel marcelle margaux marguerite marie marine marion
    martin martine mathieu mathilde mathis matthieu maurice maxime mehdi melanie michel
    michele mickael mila mireille mohamed monique morgane muriel nadia nadine nathalie nathan
    nicolas nicole nina noah noemie nolan oceane odette olivier omar ophelie oscar pascal
    patricia patrick paul paulette pauline perrine philippe pierre quentin raphael rayan
    raymond regis remi remy rene renee robert roger roland rolande romain romane rose sabrina
    sacha said samira samuel sandra sandrine sarah sebastien serge severine simon simone
    solange solene sophie stephane stephanie steven suzanne sylvain sylvie theo therese
    thierry thomas timeo tiphaine tom tristan valentin valentine valerie vanessa veronique
    victoire victor vincent virginie xavier yanis yann yannick yasmine youssef yvan yves
    yvette yvonne zoe
"""
_SURNAMES = """
    adam andre arnaud aubert aubry bailly barbier baron benoit berger bernard bertin bertrand
    besson blanc blanchard bonnet boucher bourgeois bouvier boyer breton brun brunet caron
    carpentier carre charles charpentier chevalier clement colin collet cousin daniel david
    denis deschamps dubois dufour dumas dumont dupont dupuis dupuy durand duval fabre faure
    fernandez ferreira fleury fontaine fournier francois gaillard garcia garnier gauthier
    gautier gerard germain girard giraud guerin guillaume guillot guyot henry herve hubert
    huet jacquet jean joly julien klein lacroix lambert langlois laurent le_roux leclerc
    leclercq lecomte lefebvre lefevre leger legrand lemaire lemoine leroux leroy lopez louis
    lucas maillard marchand marie martin martinez marty masson mathieu menard mercier meunier
    meyer michel millet moreau morel morin moulin muller nguyen nicolas noel olivier paris
    payet pelletier perez perrin perrot petit philippe picard pierre poirier prevost remy
    renard renaud renault rey richard riviere robert robin roche roger rolland rousseau
    roussel roux roy royer sanchez schmitt schneider simon thomas vasseur vidal vincent
"""
_CITIES = """
    agen albi ales amiens angers annecy antibes argenteuil arles asnieres aulnay auxerre
    avignon bayonne beauvais belfort besancon beziers blois bordeaux boulogne bourges brest
    brive caen calais cannes chambery chartres cholet clermont colmar colombes courbevoie
    creteil dieppe dijon evreux grenoble laval lille limoges lorient lyon macon marseille
    merignac metz montpellier montreuil mulhouse nancy nanterre nantes nevers nice nimes niort
    orleans paris pau perpignan poitiers quimper reims rennes roanne roubaix rouen rueil saint
    saumur sete strasbourg tarbes toulon toulouse tourcoing tours troyes valence vannes
    versailles vichy villeurbanne vitre vitry
"""
_INSURERS = """
    aesio ag2r alan allianz ameli apicil april assurance assurances axa btp caisse cmu cnp
    complementaire cpam css generali groupama harmonie henner humanis klesia maaf macif maif
    malakoff matmut mgefi mgen mnh mnt msa mutuelle prevoyance pro ram rsi swiss swisslife
"""
FIRST_NAMES = frozenset(_FIRST_NAMES.split())
SURNAMES = frozenset(_SURNAMES.split())
CITIES = frozenset(_CITIES.split())
INSURERS = frozenset(_INSURERS.split())
