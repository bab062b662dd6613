package vigietest;

import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;

/** A token filter's factory; its constructor differs between the two majors. */
abstract class NamedTokenFilter extends AbstractTokenFilterFactory {

    NamedTokenFilter(String name, Settings settings) {
        super(name);
    }
}
